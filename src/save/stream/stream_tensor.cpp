// Expresses the extents of both sides in the coordinates of one tensor.
#include "save/stream/stream_tensor.hpp"

#include <distload/base/error.hpp>

#include "tensor/cast.hpp"

namespace distload {
namespace {

/// The destination tensor of a part of a parameter.
TensorInfo const& stored_tensor(Catalog const& destination, SplitPart const& part, DType from) {
  auto const* const tensor = destination.find(part.name);
  if (tensor != nullptr && tensor->shape == part.shape && (tensor->dtype == from || can_cast(from, tensor->dtype)))
    return *tensor;
  throw InternalError("the new checkpoint has no tensor '" + part.name + "' of shape " + to_string(part.shape) +
                      " that " + std::string(name_of(from)) + " can be stored in");
}

}  // namespace

std::vector<SplitPart> stored_parts(Parameter const& parameter, TensorInfo const& tensor) {
  if (!parameter.split_names.empty()) return split(parameter, tensor.shape);
  return {{tensor.name, tensor.shape, parameter.partition}};
}

StreamTensor StreamTensors::operator[](std::size_t number) const {
  auto const& parameter = layout_->parameters[number];
  auto const& loaded = source_->tensors[parameter.tensor];
  StreamTensor tensor{loaded.shape, loaded.dtype, loaded.dtype, {}, {}};
  for (std::uint32_t i = 0; i < loaded.extent_count; ++i) {
    auto const& extent = source_->extents[loaded.first_extent + i];
    auto const grain = verify_ && extent.has_checksums() ? source_->block_bytes : Bytes{1};
    tensor.sources.push_back({loaded.first_extent + i, extent.box, grain});
  }
  std::uint64_t begin = 0;  // of the part, along the partitioned axis
  for (auto const& part : stored_parts(parameter, loaded)) {
    auto const& stored = stored_tensor(*destination_, part, loaded.dtype);
    tensor.to = stored.dtype;
    for (std::uint32_t i = 0; i < stored.extent_count; ++i) {
      auto box = destination_->extents[stored.first_extent + i].box;
      if (begin > 0) box.offset[part.partition.axis] += begin;
      tensor.destinations.push_back({stored.first_extent + i, box, destination_->block_bytes});
    }
    if (!parameter.split_names.empty()) begin += part.shape[part.partition.axis];
  }
  return tensor;
}

}  // namespace distload
