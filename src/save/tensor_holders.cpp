// Segments between all boundaries of all ranks' pieces.
#include "save/tensor_holders.hpp"

#include <algorithm>
#include <cassert>

namespace distload {
namespace {

/// All places on the partitioned axis where a piece begins or ends.
std::vector<std::uint64_t> boundaries(std::vector<ShardLayout> const& layouts, std::size_t axis) {
  std::vector<std::uint64_t> cuts;
  for (auto const& layout : layouts) {
    for (auto const& piece : layout.pieces) {
      cuts.push_back(piece.global.offset[axis]);
      cuts.push_back(piece.global.offset[axis] + piece.global.extent[axis]);
    }
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

std::vector<Box> segment_boxes(std::vector<ShardLayout> const& layouts, Partition const& partition,
                               Shape const& shape) {
  if (shape.empty() || partition.kind == PartitionKind::replicated) return {whole(shape)};
  auto const axis = partition.axis;
  auto const cuts = boundaries(layouts, axis);
  std::vector<Box> boxes;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    Box box = whole(shape);
    box.offset[axis] = cuts[i];
    box.extent[axis] = cuts[i + 1] - cuts[i];
    boxes.push_back(box);
  }
  return boxes;
}

}  // namespace

TensorHolders::TensorHolders(HeldTensor const& tensor, Shape const& shape, Topology const& topology) {
  if (volume(shape) == 0) return;
  auto const placement = placement_of(tensor.partition, tensor.experts, shape, topology);
  axis_ = placement.partition.axis;
  std::vector<ShardLayout> layouts;
  for (std::uint32_t part = 0; part < placement.parts; ++part) {
    layouts.push_back(shard_layout(placement.partition, shape, part, placement.parts));
    shard_shapes_.push_back(layouts.back().shape);
  }
  auto const stage_ranks = topology.stage_ranks();
  for (auto const& box : segment_boxes(layouts, placement.partition, shape)) {
    HeldSegment segment{box, {}};
    for (std::uint32_t part = 0; part < placement.parts; ++part) {
      if (placement.only && part != *placement.only) continue;
      for (auto const& piece : layouts[part].pieces) {
        if (!contains(piece.global, box)) continue;
        auto local = piece.local_offset;
        for (std::size_t axis = 0; axis < local.size(); ++axis)
          local[axis] += box.offset[axis] - piece.global.offset[axis];
        for (auto const stage : tensor.stages) {
          for (auto rank = part; rank < stage_ranks; rank += placement.parts) {
            segment.holders.push_back({stage * stage_ranks + rank, part, local});
          }
        }
        break;
      }
    }
    assert(!segment.holders.empty());
    std::ranges::sort(segment.holders, {}, &Holder::rank);
    segments_.push_back(std::move(segment));
  }
}

std::span<HeldSegment const> TensorHolders::touching(Box const& box) const {
  if (segments_.size() <= 1) return segments_;
  auto const begin_of = [this](HeldSegment const& segment) { return segment.box.offset[axis_]; };
  auto const end_of = [this](HeldSegment const& segment) {
    return segment.box.offset[axis_] + segment.box.extent[axis_];
  };
  auto const first = std::ranges::upper_bound(segments_, box.offset[axis_], {}, end_of);
  auto const last = std::ranges::lower_bound(segments_, box.offset[axis_] + box.extent[axis_], {}, begin_of);
  return {first, last};
}

}  // namespace distload
