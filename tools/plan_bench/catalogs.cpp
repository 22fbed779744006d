// Builds catalogs for files that do not exist.
#include "plan_bench/catalogs.hpp"

#include <algorithm>

#include "checkpoint/add_blocks.hpp"
#include "checkpoint/validate_catalog.hpp"
#include "partition/partition_model.hpp"
#include "save/chunk_rule.hpp"

namespace distload::plan_bench {
namespace {

/// Distributes the tensors, in stored order, over the files in equal parts.
void deal_to_files(Model const& model, Catalog& catalog) {
  Bytes total = 0;
  for (auto const& tensor : model.tensors) total += volume(tensor.shape) * size_of(tensor.dtype);
  for (std::uint32_t file = 0; file < model.files; ++file) {
    catalog.files.push_back({"model-" + std::to_string(file) + ".safetensors", 0});
  }
  auto const share = total / model.files + 1;
  Bytes before = 0;
  for (auto const& [name, dtype, shape] : model.tensors) {
    auto const index = static_cast<std::uint32_t>(catalog.extents.size());
    auto const nbytes = volume(shape) * size_of(dtype);
    auto const file = static_cast<std::uint32_t>(before / share);
    catalog.extents.push_back({index, file, catalog.files[file].size_bytes, nbytes, whole(shape), kNoBlocks});
    catalog.tensors.push_back(
        {.name = name, .dtype = dtype, .shape = shape, .first_extent = index, .extent_count = 1, .partition = {}});
    catalog.files[file].size_bytes += nbytes;
    before += nbytes;
  }
}

/// Sorts the tensors by name, as catalogs require.
void sort_tensors(Catalog& catalog) {
  std::ranges::sort(catalog.tensors, {}, &TensorInfo::name);
  std::vector<Extent> extents;
  for (std::uint32_t i = 0; i < catalog.tensors.size(); ++i) {
    auto& tensor = catalog.tensors[i];
    extents.push_back(catalog.extents[tensor.first_extent]);
    extents.back().tensor = i;
    tensor.first_extent = i;
  }
  catalog.extents = std::move(extents);
}

/// The chunks of a tensor, in row-major order.
std::vector<Box> chunks_of(Shape const& shape, Dims const& chunk) {
  std::vector<Box> boxes;
  auto position = Dims::filled(shape.size(), 0);
  for (bool more = true; more;) {
    Box box{position, chunk};
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      box.extent[axis] = std::min(chunk[axis], shape[axis] - position[axis]);
    }
    boxes.push_back(box);
    more = false;
    for (auto axis = shape.size(); axis-- > 0 && !more;) {
      position[axis] += chunk[axis];
      more = position[axis] < shape[axis];
      if (!more) position[axis] = 0;
    }
  }
  return boxes;
}

}  // namespace

Catalog safetensors_catalog(Model const& model) {
  Catalog catalog;
  catalog.format = SourceFormat::safetensors;
  catalog.path = model.name;
  catalog.metadata.config_json = model.config_json;
  deal_to_files(model, catalog);
  sort_tensors(catalog);
  validate(catalog);
  return catalog;
}

Catalog hdf5_catalog(Model const& model, FamilyRules const& rules, std::uint32_t tensor_parallel) {
  auto catalog = safetensors_catalog(model);
  auto const layout = partition_model(catalog, {.tensor_parallel = tensor_parallel}, rules, model.config_json);
  catalog.format = SourceFormat::hdf5;
  catalog.files = {{"model.h5", 0}};
  catalog.extents.clear();
  auto& file_bytes = catalog.files.front().size_bytes;
  for (auto const& parameter : layout.parameters) {
    auto& tensor = catalog.tensors[parameter.tensor];
    auto const chunk = chunk_of(tensor.dtype, tensor.shape, parameter.partition, tensor_parallel);
    tensor.first_extent = static_cast<std::uint32_t>(catalog.extents.size());
    for (auto const& box : chunks_of(tensor.shape, chunk.value_or(tensor.shape))) {
      auto const nbytes = volume(box) * size_of(tensor.dtype);
      Extent extent{parameter.tensor, 0, file_bytes, nbytes, box};
      add_blocks(catalog, extent);
      catalog.extents.push_back(extent);
      file_bytes += nbytes;
    }
    tensor.extent_count = static_cast<std::uint32_t>(catalog.extents.size()) - tensor.first_extent;
  }
  validate(catalog);
  return catalog;
}

}  // namespace distload::plan_bench
