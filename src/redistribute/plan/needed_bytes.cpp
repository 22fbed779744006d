// Intersects the pieces of both shards of every rank.
#include "redistribute/plan/needed_bytes.hpp"

#include <algorithm>
#include <map>
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

Bytes needed_bytes(Side const& source, std::span<std::uint32_t const> source_ranks, Side const& target,
                   std::span<std::uint32_t const> target_ranks) {
  std::map<std::uint32_t, std::uint32_t> number_in_source;
  for (std::uint32_t number = 0; number < source_ranks.size(); ++number) {
    number_in_source.emplace(source_ranks[number], number);
  }
  Bytes needed = 0;
  for (std::uint32_t extent = 0; extent < target.stored.size(); ++extent) {
    auto const stored = target.stored[extent];
    auto const to = target.place_of[stored];
    auto const from = source.place_of[stored];
    if (!to || !from) continue;
    auto const& shape = target.cut.catalog.extents[extent].box.extent;
    auto const element_bytes =
        std::min(size_of(source.dtype_of(from->parameter)), size_of(target.dtype_of(to->parameter)));
    for (std::uint32_t number = 0; number < target_ranks.size(); ++number) {
      std::uint64_t missing = 0;
      auto const wanted = held_boxes(target, number, stored, shape);
      for (auto const& box : wanted) missing += volume(box);
      if (auto const held = number_in_source.find(target_ranks[number]); held != number_in_source.end()) {
        for (auto const& box : held_boxes(source, held->second, stored, shape)) {
          for (auto const& want : wanted) {
            if (auto const common = intersection(box, want)) missing -= volume(*common);
          }
        }
      }
      needed += missing * element_bytes;
    }
  }
  return needed;
}

}  // namespace distload
