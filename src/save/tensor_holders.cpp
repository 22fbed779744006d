// Forms segments between the boundaries of all ranks' pieces.
#include "save/tensor_holders.hpp"

#include <algorithm>
#include <cassert>

#include "plan/demand/common_boxes.hpp"

namespace distload {
namespace {

/// The ranks that hold all of `box`, which no boundary of theirs crosses.
std::vector<SegmentHolder> holders_of(Holders const& holders, Box const& box, std::span<std::uint32_t const> stages) {
  std::vector<SegmentHolder> all;
  for (auto const& want : holders.wants_in(box)) {
    assert(want.box == box);
    auto const& group = holders.groups()[want.group];
    auto const local_offset = local_position(group.layout.pieces[want.piece], box.offset);
    for (auto const rank : holders.ranks_of(group, stages)) {
      all.push_back({.rank = rank, .group = want.group, .local_offset = local_offset});
    }
  }
  assert(!all.empty());
  std::ranges::sort(all, {}, &SegmentHolder::rank);
  return all;
}

}  // namespace

TensorHolders::TensorHolders(HeldTensor const& tensor, Shape const& shape, Topology const& topology)
    : holders_(tensor.layouts ? Holders(*tensor.layouts, shape, topology)
                              : Holders(tensor.partition, tensor.experts, tensor.stages.size(), shape, topology)) {
  if (volume(shape) == 0) return;
  for (auto const& box : common_boxes(holders_, shape)) {
    segments_.push_back({.box = box, .holders = holders_of(holders_, box, tensor.stages)});
  }
}

std::span<HeldSegment const> TensorHolders::touching(Box const& box) const {
  if (segments_.size() <= 1) return segments_;
  auto const axis = holders_.axis();
  auto const begin_of = [axis](HeldSegment const& segment) { return segment.box.offset[axis]; };
  auto const end_of = [axis](HeldSegment const& segment) {
    return segment.box.offset[axis] + segment.box.extent[axis];
  };
  auto const first = std::ranges::upper_bound(segments_, box.offset[axis], {}, end_of);
  auto const last = std::ranges::lower_bound(segments_, box.offset[axis] + box.extent[axis], {}, begin_of);
  return {first, last};
}

}  // namespace distload
