/// ArenaLayout: assigns offsets to the shards in the arenas that this rank writes to, and decides which are views.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/current_parameter.hpp"
#include "plan/plan_request.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// The arena of this rank or, if ranks write to each other's arenas, of another rank on its node.
struct NodeArena {
  std::uint32_t rank = 0;
  Bytes nbytes = 0;            ///< of the shards placed so far
  ShardPosition current = {};  ///< of the last placed parameter's shard, if the rank holds one
};

class ArenaLayout {
 public:
  /// `request` outlives the object.
  explicit ArenaLayout(PlanRequest const& request);

  /// Places the shards of a parameter after the previous ones, or at their existing places, and adds the own shard and
  /// its view, if it is one, to `work`. @returns the position of the own shard, if this rank holds one.
  ShardPosition place(CurrentParameter const& parameter, RankWork& work);
  /// Bytes that a shard of a group needs in an arena, including alignment and, for a view, the rest of its pages.
  Bytes shard_bytes_in_arena(CurrentParameter const& parameter, std::uint32_t group) const;
  /// Sorted by rank.
  std::span<NodeArena const> arenas() const noexcept { return arenas_; }
  /// Bytes of this rank's arena for the shards placed so far.
  Bytes own_bytes() const noexcept { return own_bytes_; }

 private:
  ShardPosition position_of(CurrentParameter const& parameter, std::uint32_t group, NodeArena const& arena) const;
  void add_own_shard(CurrentParameter const& parameter, std::uint32_t group, ShardPosition const& position,
                     RankWork& work) const;
  Bytes file_offset_of(CurrentParameter const& parameter, ShardInFile const& shard) const;

  PlanRequest const& request_;
  std::vector<NodeArena> arenas_;
  Bytes own_bytes_ = 0;
};

}  // namespace distload
