/// SmallModel: a catalog and a layout, tensor by tensor, for tests of what a plan is made of.
#pragma once

#include <cstdint>
#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload::testing {

struct SmallModel {
  Catalog catalog;
  ModelLayout layout;

  /// Of F32, as one extent without checksums, on pipeline stage 0.
  Parameter& add(Shape const& shape, Partition const& partition) {
    auto const index = static_cast<std::uint32_t>(catalog.tensors.size());
    auto const nbytes = volume(shape) * size_of(DType::f32);
    catalog.tensors.push_back({std::to_string(index), DType::f32, shape, index, 1, "", -1});
    catalog.extents.push_back({index, 0, 0, nbytes, whole(shape), kNoBlocks});
    layout.parameters.push_back({index, partition, {0}, ""});
    return layout.parameters.back();
  }
};

inline Partition cut_along(std::uint32_t axis, std::uint64_t size) {
  auto const kind = axis == 0 ? PartitionKind::column_parallel : PartitionKind::row_parallel;
  return {kind, axis, {{size, 1, false}}};
}

}  // namespace distload::testing
