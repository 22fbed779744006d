// Computes chunk sizes.
#include "save/chunk_rule.hpp"

#include <algorithm>
#include <numeric>

namespace distload {
namespace {

/// The greatest length that divides every boundary between the ranks' pieces.
std::uint64_t common_block(Partition const& partition, Shape const& shape, std::uint32_t ranks) {
  auto const axis = partition.axis;
  std::uint64_t block = 0;
  auto const cut_at = [&](std::uint64_t position) {
    if (position != shape[axis]) block = std::gcd(block, position);
  };
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    for (auto const& piece : shard_layout(partition, shape, rank, ranks).pieces) {
      cut_at(piece.global.offset[axis]);
      cut_at(piece.global.offset[axis] + piece.global.extent[axis]);
    }
  }
  return block == 0 ? shape[axis] : block;
}

/// The largest divisor of `length` that is at most `limit`.
std::uint64_t largest_divisor(std::uint64_t length, std::uint64_t limit) {
  for (auto parts = divide_up(length, limit); parts < length; ++parts) {
    if (length % parts == 0) return length / parts;
  }
  return 1;
}

/// Divides the chunk along its outermost axes until it has at most `max_bytes`. Along the partitioned axis the parts
/// must add up to shards; along others the last part may be shorter.
void limit_size(Dims& chunk, std::size_t partitioned_axis, Bytes element_bytes, Bytes max_bytes) {
  for (std::size_t axis = 0; axis < chunk.size(); ++axis) {
    auto const nbytes = volume(chunk) * element_bytes;
    if (nbytes <= max_bytes) return;
    auto const per_index = nbytes / chunk[axis];
    auto const limit = std::max<std::uint64_t>(1, max_bytes / per_index);
    if (axis == partitioned_axis) {
      chunk[axis] = largest_divisor(chunk[axis], limit);
    } else {
      auto const parts = divide_up(chunk[axis], limit);
      chunk[axis] = divide_up(chunk[axis], parts);
    }
  }
}

}  // namespace

std::optional<Dims> chunk_of(DType dtype, Shape const& shape, Partition const& partition, std::uint32_t tensor_parallel,
                             Bytes max_bytes) {
  if (partition.kind == PartitionKind::replicated || tensor_parallel <= 1) return std::nullopt;
  if (volume(shape) * size_of(dtype) < kMinChunkBytes) return std::nullopt;
  if (!divides(partition, tensor_parallel)) return std::nullopt;

  Dims chunk = shape;
  chunk[partition.axis] = common_block(partition, shape, tensor_parallel);
  limit_size(chunk, partition.axis, size_of(dtype), max_bytes);
  auto const nbytes = volume(chunk) * size_of(dtype);
  if (nbytes < kMinChunkBytes || chunk == shape) return std::nullopt;
  return chunk;
}

}  // namespace distload
