// Groups ranks with equal shards; finds groups by their range of the divided axis.
#include "plan/demand/holders.hpp"

#include <algorithm>
#include <set>

#include "partition/placement.hpp"

namespace distload {

Dims local_position(Piece const& piece, Dims const& global) {
  auto position = piece.local_offset;
  for (std::size_t axis = 0; axis < position.size(); ++axis) position[axis] += global[axis] - piece.global.offset[axis];
  return position;
}

Holders::Holders(Partition const& partition, std::optional<ExpertPlacement> const& experts, std::size_t stage_count,
                 Shape const& shape, Topology const& topology)
    : topology_(topology),
      placement_(placement_of(partition, experts, shape, topology)),
      stage_count_(stage_count),
      axis_(placement_.partition.axis) {
  make_groups(shape);
  make_intervals(shape);
}

Holders::Holders(RankLayouts const& layouts, Shape const& shape, Topology const& topology)
    : topology_(topology),
      placement_{.partition = {}, .parts = topology.stage_ranks(), .only = std::nullopt},
      stage_count_(1),
      has_one_axis_(false) {
  make_groups(layouts);
  make_intervals(shape);
}

void Holders::make_groups(RankLayouts const& layouts) {
  for (std::uint32_t rank = 0; rank < layouts.of_rank.size(); ++rank) {
    auto const& layout = layouts.of_rank[rank];
    if (!layout) continue;
    bool const is_next = !groups_.empty() && groups_.back().first_part + groups_.back().parts == rank;
    if (is_next && groups_.back().layout == *layout) {
      ++groups_.back().parts;
    } else {
      groups_.push_back({rank, 1, *layout});
    }
  }
  // Boxes are found fastest along the axis that divides them into most ranges.
  std::size_t most = 0;
  auto const axes = groups_.empty() ? 0 : groups_.front().layout.shape.size();
  for (std::uint32_t axis = 0; axis < axes; ++axis) {
    std::set<std::uint64_t> begins;
    for (auto const& group : groups_) {
      for (auto const& piece : group.layout.pieces) begins.insert(piece.global.offset[axis]);
    }
    if (begins.size() <= most) continue;
    most = begins.size();
    axis_ = axis;
  }
}

void Holders::make_groups(Shape const& shape) {
  auto const& partition = placement_.partition;
  auto const parts = placement_.parts;
  if (partition.kind == PartitionKind::replicated) {
    groups_.push_back(
        {placement_.only.value_or(0), placement_.only ? 1 : parts, shard_layout(partition, shape, 0, parts)});
    return;
  }
  for (std::uint32_t part = 0; part < parts; ++part) {
    auto layout = shard_layout(partition, shape, part, parts);
    if (!groups_.empty() && groups_.back().layout == layout) {
      ++groups_.back().parts;
    } else {
      groups_.push_back({part, 1, std::move(layout)});
    }
  }
}

void Holders::make_intervals(Shape const& shape) {
  for (std::uint32_t group = 0; group < groups_.size(); ++group) {
    auto const& pieces = groups_[group].layout.pieces;
    for (std::uint32_t piece = 0; piece < pieces.size(); ++piece) {
      auto const& box = pieces[piece].global;
      auto const begin = shape.empty() ? 0 : box.offset[axis_];
      intervals_.push_back({begin, begin + (shape.empty() ? 1 : box.extent[axis_]), 0, group, piece});
    }
  }
  std::stable_sort(intervals_.begin(), intervals_.end(),
                   [](Interval const& a, Interval const& b) { return a.begin < b.begin; });
  std::uint64_t reach = 0;
  for (auto& interval : intervals_) interval.reach = reach = std::max(reach, interval.end);
}

std::vector<Want> Holders::wants_in(Box const& box) const {
  auto const scalar = box.extent.empty();
  auto const begin = scalar ? 0 : box.offset[axis_];
  auto const end = scalar ? 1 : box.offset[axis_] + box.extent[axis_];
  std::vector<Want> wants;
  auto const first = std::partition_point(intervals_.begin(), intervals_.end(),
                                          [&](Interval const& interval) { return interval.reach <= begin; });
  for (auto interval = first; interval != intervals_.end() && interval->begin < end; ++interval) {
    auto const& piece = groups_[interval->group].layout.pieces[interval->piece];
    if (auto const common = intersection(box, piece.global))
      wants.push_back({interval->group, interval->piece, *common});
  }
  return wants;
}

std::uint64_t Holders::rank_count(std::uint32_t group) const noexcept {
  return std::uint64_t{groups_[group].parts} * (topology_.stage_ranks() / placement_.parts) * stage_count_;
}

std::vector<std::uint32_t> Holders::ranks_of(HolderGroup const& group, std::span<std::uint32_t const> stages) const {
  std::vector<std::uint32_t> ranks;
  auto const stage_ranks = topology_.stage_ranks();
  for (auto const stage : stages) {
    for (auto first = group.first_part; first < stage_ranks; first += placement_.parts) {
      for (std::uint32_t i = 0; i < group.parts; ++i) ranks.push_back(stage * stage_ranks + first + i);
    }
  }
  return ranks;
}

std::optional<std::uint32_t> Holders::group_of(std::uint32_t rank) const noexcept {
  auto const part = placement_.part_of(topology_, rank);
  if (!part) return std::nullopt;
  auto const after = std::partition_point(groups_.begin(), groups_.end(),
                                          [&](HolderGroup const& group) { return group.first_part <= *part; });
  if (after == groups_.begin()) return std::nullopt;
  auto const group = static_cast<std::uint32_t>(after - groups_.begin() - 1);
  if (*part >= groups_[group].first_part + groups_[group].parts) return std::nullopt;
  return group;
}

Holders holders_of(Parameter const& parameter, Shape const& shape, Topology const& topology) {
  if (parameter.layouts) return {*parameter.layouts, shape, topology};
  return {parameter.partition, parameter.experts, parameter.stages.size(), shape, topology};
}

}  // namespace distload
