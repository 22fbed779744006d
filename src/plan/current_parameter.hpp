/// CurrentParameter: the parameter being planned, passed to the routes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/parameter_kinds.hpp"

namespace distload {

/// Position of a shard in its rank's arena.
struct ShardPosition {
  Bytes offset_bytes = 0;
  bool is_view = false;
};

struct CurrentParameter {
  std::uint32_t index = 0;  ///< of `ModelLayout::parameters`
  Parameter const& parameter;
  TensorInfo const& tensor;
  ParameterKind const& kind;
  RankSets const& all_rank_sets;
  std::span<RankSetId const> rank_sets;    ///< by group
  std::optional<std::uint32_t> own_group;  ///< of the own rank, if it holds the parameter
  ShardPosition own;                       ///< of the own shard, if there is one

  Demand const& demand() const noexcept { return kind.demand; }
  std::span<std::uint32_t const> ranks_of(std::uint32_t group) const { return all_rank_sets[rank_sets[group]]; }
  std::uint32_t rank_of(GroupRank const& member) const { return ranks_of(member.group)[member.index]; }
  ReadJob const& job_of(ReadPiece const& piece) const { return kind.jobs[piece.job]; }
  DemandedSegment const& segment_of(ReadJob const& job) const { return kind.demand.segments()[job.segment]; }
  std::vector<Want> const& wants_of(ReadPiece const& piece) const { return kind.demand.wants_of(piece.extent); }
  /// Index into `Catalog::extents`.
  std::uint32_t extent_of(ReadPiece const& piece) const noexcept { return tensor.first_extent + piece.extent; }
};

}  // namespace distload
