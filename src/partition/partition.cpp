// Computes the boxes of one rank's shard.
#include <distload/partition/partition.hpp>

#include <algorithm>
#include <cassert>

namespace distload {
namespace {

/// The range [begin, begin + size) of the partitioned axis.
struct Stretch {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
};

/// The part of a section that `rank` of `ranks` holds, relative to the section's start.
Stretch stretch_of(Section const& section, std::uint64_t rank, std::uint32_t ranks) {
  if (section.groups > 1) {
    auto const of_rank = std::max(section.groups / ranks, 1U);
    auto const of_group = std::max(ranks / section.groups, 1U);
    if (section.group / of_rank != rank / of_group) return {};
    rank %= of_group;
    ranks = of_group;
  }
  auto const units = section.size / section.unit;
  assert(section.size % section.unit == 0);
  assert(divides(section, ranks));
  if (units % ranks == 0) {
    auto const size = units / ranks * section.unit;
    return {rank * size, size};
  }
  if (section.uneven) {
    auto const least = units / ranks;
    auto const larger = units % ranks;
    return {(rank * least + std::min(rank, larger)) * section.unit, (least + (rank < larger ? 1U : 0U)) * section.unit};
  }
  return {rank / (ranks / units) * section.unit, section.unit};
}

/// Appends a piece, or extends the last piece if both are contiguous, so that a fused parameter is one box on one rank.
void add_piece(ShardLayout& layout, Shape const& shape, std::size_t axis, Stretch stretch, std::uint64_t local_begin) {
  if (stretch.size == 0) return;
  if (!layout.pieces.empty()) {
    auto& last = layout.pieces.back();
    if (last.global.offset[axis] + last.global.extent[axis] == stretch.begin) {
      last.global.extent[axis] += stretch.size;
      return;
    }
  }
  Piece piece{whole(shape), Dims::filled(shape.size(), 0)};
  piece.global.offset[axis] = stretch.begin;
  piece.global.extent[axis] = stretch.size;
  piece.local_offset[axis] = local_begin;
  layout.pieces.push_back(piece);
}

}  // namespace

std::string_view name_of(PartitionKind kind) noexcept {
  switch (kind) {
    case PartitionKind::replicated: return "replicated";
    case PartitionKind::column_parallel: return "column_parallel";
    case PartitionKind::row_parallel: return "row_parallel";
    case PartitionKind::vocab_parallel: return "vocab_parallel";
    case PartitionKind::expert_parallel: return "expert_parallel";
  }
  return "";
}

bool divides(Section const& section, std::uint32_t tensor_parallel) noexcept {
  if (section.groups > 1) {
    if (section.groups % tensor_parallel == 0) return true;
    if (tensor_parallel % section.groups != 0) return false;
    tensor_parallel /= section.groups;
  }
  auto const units = section.size / section.unit;
  return units % tensor_parallel == 0 || section.uneven ||
         (section.replicate_units && units != 0 && tensor_parallel % units == 0);
}

bool divides(Partition const& partition, std::uint32_t tensor_parallel) noexcept {
  if (partition.kind == PartitionKind::replicated || partition.kind == PartitionKind::vocab_parallel) return true;
  return std::ranges::all_of(partition.sections,
                             [&](Section const& section) { return divides(section, tensor_parallel); });
}

std::uint64_t padded_rows(Partition const& partition, Shape const& shape, std::uint32_t tensor_parallel) noexcept {
  if (partition.kind != PartitionKind::vocab_parallel) return 0;
  auto const over = shape[partition.axis] % tensor_parallel;
  return over == 0 ? 0 : tensor_parallel - over;
}

ShardLayout shard_layout(Partition const& partition, Shape const& shape, std::uint32_t tensor_rank,
                         std::uint32_t tensor_parallel) {
  assert(tensor_rank < tensor_parallel);
  ShardLayout layout{shape, {}};
  if (partition.kind == PartitionKind::replicated) {
    if (volume(shape) != 0) layout.pieces.push_back({whole(shape), Dims::filled(shape.size(), 0)});
    return layout;
  }

  auto const axis = partition.axis;
  assert(axis < shape.size());
  if (partition.kind == PartitionKind::vocab_parallel) {
    auto const size = shape[axis];
    auto const local = size / tensor_parallel + (size % tensor_parallel == 0 ? 0U : 1U);
    auto const begin = std::min(size, tensor_rank * local);
    layout.shape[axis] = local;
    if (volume(shape) != 0) add_piece(layout, shape, axis, {begin, std::min(local, size - begin)}, 0);
    return layout;
  }

  layout.pieces.reserve(partition.sections.size());
  auto const empty = volume(shape) == 0;
  std::uint64_t section_begin = 0;
  std::uint64_t local_begin = 0;
  for (auto const& section : partition.sections) {
    auto stretch = stretch_of(section, tensor_rank, tensor_parallel);
    stretch.begin += section_begin;
    if (!empty) add_piece(layout, shape, axis, stretch, local_begin);
    section_begin += section.size;
    local_begin += stretch.size;
  }
  assert(section_begin == shape[axis]);
  layout.shape[axis] = local_begin;
  return layout;
}

}  // namespace distload
