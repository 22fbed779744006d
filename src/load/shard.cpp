// Converts pieces to strided copies.
#include <distload/load/shard.hpp>

#include <algorithm>

#include <distload/base/error.hpp>

#include "tensor/kernels/copy_kernel.hpp"

namespace distload::detail {
namespace {

/// True if the partition's sections add up to the tensor's partitioned axis.
bool fits(Partition const& partition, Shape const& shape) {
  if (partition.kind == PartitionKind::replicated) return true;
  if (partition.axis >= shape.size()) return false;
  std::uint64_t size = 0;
  for (auto const& section : partition.sections) {
    if (section.unit == 0 || section.size % section.unit != 0) return false;
    size += section.size;
  }
  return size == shape[partition.axis];
}

void run(std::span<BoundCopy const> copies, Reach reach) {
  if (reach == Reach::host) {
    for (auto const& [copy, source, destination] : copies) copy_on_host(copy, source, destination);
    return;
  }
  Kokkos::DefaultExecutionSpace const space;
  enqueue_copies(space, copies, "distload::shard");
  space.fence("distload: the caller may use or free both sides now");
}

/// The range [begin, end) of an axis.
struct Stretch {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Tracks which ranges of an axis are filled.
class FilledAxis {
 public:
  /// @returns the parts of `wanted` that were not filled before.
  std::vector<Stretch> fill(Stretch wanted) {
    std::vector<Stretch> empty;
    for (auto const& filled : filled_) {
      if (filled.end <= wanted.begin) continue;
      if (filled.begin >= wanted.end) break;
      if (filled.begin > wanted.begin) empty.push_back({wanted.begin, filled.begin});
      wanted.begin = std::min(filled.end, wanted.end);
    }
    if (wanted.begin < wanted.end) empty.push_back(wanted);
    filled_.insert(filled_.end(), empty.begin(), empty.end());
    std::ranges::sort(filled_, {}, &Stretch::begin);
    return empty;
  }

 private:
  std::vector<Stretch> filled_;  ///< ascending and disjoint
};

/// The range of a piece along its partitioned axis.
Stretch stretch_of(Piece const& piece, std::uint32_t axis) {
  auto const begin = piece.global.offset[axis];
  return {begin, begin + piece.global.extent[axis]};
}

/// The part of a piece inside a range.
Piece part_of(Piece piece, std::uint32_t axis, Stretch stretch) {
  piece.local_offset[axis] += stretch.begin - piece.global.offset[axis];
  piece.global.offset[axis] = stretch.begin;
  piece.global.extent[axis] = stretch.end - stretch.begin;
  return piece;
}

Placed in_tensor(Piece const& piece, Shape const& shape) { return {.shape = shape, .position = piece.global.offset}; }
Placed in_shard(Piece const& piece, ShardLayout const& layout) {
  return {.shape = layout.shape, .position = piece.local_offset};
}

}  // namespace

Shape checked_shard_shape(Partition const& partition, Shape const& shape, std::uint32_t tensor_rank,
                          std::uint32_t tensor_parallel) {
  if (tensor_rank >= tensor_parallel || !fits(partition, shape) || !divides(partition, tensor_parallel)) {
    throw ConfigError("a tensor of shape " + to_string(shape) + " cannot be cut " +
                      std::string(name_of(partition.kind)) + " for rank " + std::to_string(tensor_rank) + " of " +
                      std::to_string(tensor_parallel));
  }
  return shard_layout(partition, shape, tensor_rank, tensor_parallel).shape;
}

void check_shards(Partition const& partition, Shape const& shape, std::span<Shape const> shards) {
  if (shards.empty()) throw ConfigError("a tensor cannot be put together from no shards");
  auto const ranks = static_cast<std::uint32_t>(shards.size());
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    auto const expected = checked_shard_shape(partition, shape, rank, ranks);
    if (shards[rank] == expected) continue;
    throw ConfigError("shard " + std::to_string(rank) + " of a tensor of shape " + to_string(shape) + " has shape " +
                      to_string(shards[rank]) + ", not " + to_string(expected));
  }
}

void copy_to_shard(Partition const& partition, Shape const& shape, std::uint32_t tensor_rank,
                   std::uint32_t tensor_parallel, Bytes element_bytes, std::byte const* tensor, std::byte* shard,
                   Reach reach) {
  auto const layout = shard_layout(partition, shape, tensor_rank, tensor_parallel);
  std::vector<BoundCopy> copies;
  for (auto const& piece : layout.pieces) {
    copies.push_back(
        {make_strided_copy(in_tensor(piece, shape), in_shard(piece, layout), piece.global.extent, element_bytes),
         tensor, shard});
  }
  run(copies, reach);
}

void copy_from_shards(Partition const& partition, Shape const& shape, Bytes element_bytes,
                      std::span<std::byte const* const> shards, std::byte* tensor, Reach reach) {
  auto const ranks = static_cast<std::uint32_t>(shards.size());
  std::vector<BoundCopy> copies;
  auto const copy = [&](std::uint32_t rank, ShardLayout const& layout, Piece const& piece) {
    copies.push_back(
        {make_strided_copy(in_shard(piece, layout), in_tensor(piece, shape), piece.global.extent, element_bytes),
         shards[rank], tensor});
  };
  if (partition.kind == PartitionKind::replicated) {
    auto const layout = shard_layout(partition, shape, 0, ranks);
    for (auto const& piece : layout.pieces) copy(0, layout, piece);
    return run(copies, reach);
  }
  // Data that several ranks hold is taken from the first of them: the kernel requires disjoint destinations.
  FilledAxis filled;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    auto const layout = shard_layout(partition, shape, rank, ranks);
    for (auto const& piece : layout.pieces) {
      for (auto const& stretch : filled.fill(stretch_of(piece, partition.axis))) {
        copy(rank, layout, part_of(piece, partition.axis, stretch));
      }
    }
  }
  run(copies, reach);
}

}  // namespace distload::detail
