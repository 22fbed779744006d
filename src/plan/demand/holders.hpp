/// Holders: the boxes of one parameter that each rank of a pipeline stage wants. Ranks that want the same form a group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/partition/model_layout.hpp>
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
  /// For a parameter of which the ranks of a single stage hold boxes as they like.
  Holders(RankLayouts const& layouts, Shape const& shape, Topology const& topology);

  std::span<HolderGroup const> groups() const noexcept { return groups_; }
  /// Number of parts into which the parameter is divided.
  std::uint32_t parts() const noexcept { return placement_.parts; }
  /// The divided axis, or that along which the pieces are ordered; 0 if there is none.
  std::uint32_t axis() const noexcept { return axis_; }
  /// True if pieces are divided along that axis alone; otherwise along any.
  bool has_one_axis() const noexcept { return has_one_axis_; }

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
  void make_groups(RankLayouts const& layouts);
  void make_intervals(Shape const& shape);

  Topology topology_;
  Placement placement_;
  std::uint64_t stage_count_;
  std::uint32_t axis_ = 0;
  bool has_one_axis_ = true;
  std::vector<HolderGroup> groups_;
  std::vector<Interval> intervals_;
};

/// For a parameter of that shape.
Holders holders_of(Parameter const& parameter, Shape const& shape, Topology const& topology);

}  // namespace distload
