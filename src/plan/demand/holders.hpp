/// Holders: which ranks of a pipeline stage want which boxes of one parameter. Ranks that want the same are one group.
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

/// Neighbouring parts of a placement that are alike: the ranks that hold one of them have the same shard.
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

/// Where an element of a parameter lies in a shard, of which `piece` holds it.
Dims local_position(Piece const& piece, Dims const& global);

class Holders {
 public:
  /// Of a parameter of shape `shape`, on `stage_count` pipeline stages.
  Holders(Partition const& partition, std::optional<ExpertPlacement> const& experts, std::size_t stage_count,
          Shape const& shape, Topology const& topology);

  std::span<HolderGroup const> groups() const noexcept { return groups_; }
  /// Into how many the parameter is cut.
  std::uint32_t parts() const noexcept { return placement_.parts; }
  /// The axis that is cut; 0 if none is.
  std::uint32_t axis() const noexcept { return axis_; }

  /// What lies in `box`, in the order of the cut axis.
  std::vector<Want> wants_in(Box const& box) const;

  /// Ranks of a group on all stages together.
  std::uint64_t rank_count(std::uint32_t group) const noexcept;

  /// The ranks of a group on these stages: stage by stage, ascending within each.
  std::vector<std::uint32_t> ranks_of(HolderGroup const& group, std::span<std::uint32_t const> stages) const;

  /// The group of a rank on one of the parameter's stages, or nothing if it does not hold the parameter.
  std::optional<std::uint32_t> group_of(std::uint32_t rank) const noexcept;

 private:
  /// A piece's stretch of the cut axis; sorted by begin. They may overlap: where one rank's parts of two sections are
  /// neighbours they are one piece, but not on the other ranks.
  struct Interval {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t reach = 0;  ///< the largest end of this one and those before it, hence ascending
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
