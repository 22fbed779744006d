// Generates content.
#include "support/sample_tensors.hpp"

#include <cstring>
#include <string>
#include <utility>

namespace distload {
namespace {

Partition cut(PartitionKind kind, std::uint32_t axis, std::vector<Section> sections) {
  return {kind, axis, std::move(sections)};
}

}  // namespace

std::vector<TensorSpec> sample_tensors() {
  auto const column = PartitionKind::column_parallel;
  auto const row = PartitionKind::row_parallel;
  return {
      {"column", DType::f32, {768, 96}, cut(column, 0, {{768, 1, false}})},
      {"row", DType::bf16, {256, 768}, cut(row, 1, {{768, 1, false}})},
      {"vocab", DType::f32, {1001, 64}, cut(PartitionKind::vocab_parallel, 0, {{1001, 1, false}})},
      {"fused", DType::f16, {768 + 2 * 192, 160}, cut(column, 0, {{768, 8, false}, {192, 8, false}, {192, 8, false}})},
      {"conv", DType::f32, {96, 1152}, cut(column, 1, {{384, 16, false}, {384, 16, false}, {384, 16, false}})},
      {"deep", DType::f32, {24, 128, 96}, cut(row, 2, {{96, 1, false}})},
      {"uneven", DType::f32, {7, 5000}, cut(column, 0, {{7, 1, false}})},
      {"bias", DType::f32, {768}, cut(column, 0, {{768, 1, false}})},
      {"norm", DType::f32, {768}, {}},
      {"large", DType::f32, {1500, 1000}, {}},
      {"scalar", DType::i64, {}, {}},
      {"empty", DType::f32, {0, 8}, {}},
      {"mask", DType::boolean, {33}, {}},
      {"eight", DType::f8_e5m2, {4, 4}, {}},
  };
}

std::vector<std::byte> sample_bytes(TensorInfo const& tensor, Box const& box, std::uint64_t step) {
  auto const size = size_of(tensor.dtype);
  std::vector<std::byte> bytes(volume(box) * size);
  auto position = box.offset;
  for (Bytes at = 0; at < bytes.size(); at += size) {
    auto const value = linear_index(tensor.shape, position) * 2654435761U + 7 * tensor.name.size() +
                       static_cast<unsigned char>(tensor.name[0]) + 1000003 * step;
    std::memcpy(bytes.data() + at, &value, size);
    for (auto axis = position.size(); axis-- > 0;) {
      if (++position[axis] < box.offset[axis] + box.extent[axis]) break;
      position[axis] = box.offset[axis];
    }
  }
  return bytes;
}

}  // namespace distload
