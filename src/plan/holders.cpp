// Groups of ranks with equal shards, found by the stretch of the cut axis that they hold.
#include "plan/holders.hpp"

#include <algorithm>

namespace distload {

Holders::Holders(Parameter const& parameter, Shape const& shape, Topology const& topology)
    : topology_(topology), stages_(parameter.stages), axis_(parameter.partition.axis) {
  if (parameter.partition.kind == PartitionKind::replicated) {
    groups_.push_back(
        {0, topology.tensor_parallel, shard_layout(parameter.partition, shape, 0, topology.tensor_parallel)});
  } else {
    for (std::uint32_t rank = 0; rank < topology.tensor_parallel; ++rank) {
      auto layout = shard_layout(parameter.partition, shape, rank, topology.tensor_parallel);
      if (!groups_.empty() && groups_.back().layout == layout) {
        ++groups_.back().tensor_ranks;
      } else {
        groups_.push_back({rank, 1, std::move(layout)});
      }
    }
  }
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

std::vector<std::uint32_t> Holders::ranks_of(std::uint32_t group) const {
  std::vector<std::uint32_t> ranks;
  ranks.reserve(rank_count(group));
  for (auto const stage : stages_) {
    for (std::uint32_t data = 0; data < topology_.data_parallel; ++data) {
      for (std::uint32_t i = 0; i < groups_[group].tensor_ranks; ++i) {
        ranks.push_back(rank_of(topology_, {groups_[group].first_tensor_rank + i, data, stage}));
      }
    }
  }
  return ranks;
}

std::uint64_t Holders::rank_count(std::uint32_t group) const noexcept {
  return std::uint64_t{groups_[group].tensor_ranks} * topology_.data_parallel * stages_.size();
}

std::optional<std::uint32_t> Holders::group_of(std::uint32_t rank) const noexcept {
  auto const at = coordinates_of(topology_, rank);
  if (std::find(stages_.begin(), stages_.end(), at.pipeline) == stages_.end()) return std::nullopt;
  auto const after = std::partition_point(
      groups_.begin(), groups_.end(), [&](HolderGroup const& group) { return group.first_tensor_rank <= at.tensor; });
  return static_cast<std::uint32_t>(after - groups_.begin() - 1);
}

}  // namespace distload
