// Intersects the pieces of both shards of every rank.
#include "redistribute/plan/needed_bytes.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "partition/placement.hpp"

namespace distload {
namespace {

/// The boxes of a stored tensor that a rank of a side holds, in the tensor's own coordinates. Disjoint.
std::vector<Box> held_boxes(Side const& side, std::uint32_t rank, std::uint32_t stored, Shape const& shape) {
  std::vector<Box> boxes;
  auto const place = side.place_of[stored];
  if (!place) return boxes;
  auto const& parameter = side.parameter(place->parameter);
  auto const stage = coordinates_of(side.topology, rank).pipeline;
  if (std::ranges::find(parameter.stages, stage) == parameter.stages.end()) return boxes;
  auto const& fused_shape = side.tensor_of(place->parameter).shape;
  auto const placement = placement_of(parameter.partition, parameter.experts, fused_shape, side.topology);
  auto const part = placement.part_of(side.topology, rank);
  if (!part) return boxes;
  auto in_fused = whole(shape);
  auto const axis = parameter.partition.axis;
  if (!shape.empty()) in_fused.offset[axis] = place->begin;
  for (auto const& piece : shard_layout(placement.partition, fused_shape, *part, placement.parts).pieces) {
    auto common = intersection(piece.global, in_fused);
    if (!common) continue;
    if (!shape.empty()) common->offset[axis] -= place->begin;
    boxes.push_back(*common);
  }
  return boxes;
}

}  // namespace

Bytes needed_bytes(Side const& source, std::optional<std::uint32_t> source_rank, Side const& target,
                   std::optional<std::uint32_t> target_rank) {
  if (!target_rank) return 0;
  Bytes needed = 0;
  for (std::uint32_t extent = 0; extent < target.stored.size(); ++extent) {
    auto const stored = target.stored[extent];
    auto const to = target.place_of[stored];
    auto const from = source.place_of[stored];
    if (!to || !from) continue;
    auto const& shape = target.cut.catalog.extents[extent].box.extent;
    auto const wanted = held_boxes(target, *target_rank, stored, shape);
    std::uint64_t missing = 0;
    for (auto const& box : wanted) missing += volume(box);
    if (source_rank) {
      for (auto const& box : held_boxes(source, *source_rank, stored, shape)) {
        for (auto const& want : wanted) {
          if (auto const common = intersection(box, want)) missing -= volume(*common);
        }
      }
    }
    needed += missing * std::min(size_of(source.dtype_of(from->parameter)), size_of(target.dtype_of(to->parameter)));
  }
  return needed;
}

}  // namespace distload
