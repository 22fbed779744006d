/// Holders: the boxes of one parameter that each rank of a pipeline stage wants. Ranks that want the same form a group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/partition/partition.hpp>

#include "partition/placement.hpp"

namespace distload {

/// Consecutive parts of a placement with equal shards, and the ranks that hold them.
struct HolderGroup {
  std::uint32_t first_part = 0;
  std::uint32_t parts = 0;
  ShardLayout layout;
};

/// A box of the parameter that a group wants: part of `layout.pieces[piece]`.
struct Want {
  std::uint32_t group = 0;
  std::uint32_t piece = 0;
  Box box;

  friend bool operator==(Want const&, Want const&) = default;
};

/// Position in a shard of the parameter's element at `global`, which lies in `piece` of the shard.
Dims local_position(Piece const& piece, Dims const& global);

class Holders {
 public:
  /// For a parameter of shape `shape` on `stage_count` pipeline stages.
  Holders(Partition const& partition, std::optional<ExpertPlacement> const& experts, std::size_t stage_count,
          Shape const& shape, Topology const& topology);

  std::span<HolderGroup const> groups() const noexcept { return groups_; }
  /// Number of parts into which the parameter is divided.
  std::uint32_t parts() const noexcept { return placement_.parts; }
  /// The divided axis; 0 if there is none.
  std::uint32_t axis() const noexcept { return axis_; }

  /// The parts of `box` that groups want, in the order of the divided axis.
  std::vector<Want> wants_in(Box const& box) const;

  /// Number of ranks of a group on all stages together.
  std::uint64_t rank_count(std::uint32_t group) const noexcept;

  /// The ranks of a group on these stages: stage by stage, ascending within each.
  std::vector<std::uint32_t> ranks_of(HolderGroup const& group, std::span<std::uint32_t const> stages) const;

  /// The group of a rank on one of the parameter's stages, or nothing if it does not hold the parameter.
  std::optional<std::uint32_t> group_of(std::uint32_t rank) const noexcept;

 private:
  /// A piece's range of the divided axis; sorted by begin. Intervals may overlap: two sections' parts may be one piece
  /// on the rank where they are adjacent, and two pieces on other ranks.
  struct Interval {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t reach = 0;  ///< maximum end of this and all previous intervals, hence ascending
    std::uint32_t group = 0;
    std::uint32_t piece = 0;
  };

  void make_groups(Shape const& shape);
  void make_intervals(Shape const& shape);

  Topology topology_;
  Placement placement_;
  std::uint64_t stage_count_;
  std::uint32_t axis_ = 0;
  std::vector<HolderGroup> groups_;
  std::vector<Interval> intervals_;
};

}  // namespace distload
