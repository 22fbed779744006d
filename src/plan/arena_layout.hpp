/// ArenaLayout: where shards lie in the arenas that this rank writes to, and which of them are views.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/current_parameter.hpp"
#include "plan/plan_request.hpp"
#include "plan/rank_work.hpp"

namespace distload {

/// The arena of this rank or, where ranks write to each other's, of another one of its node.
struct NodeArena {
  std::uint32_t rank = 0;
  Bytes nbytes = 0;            ///< so far
  ShardPosition current = {};  ///< of the shard of the parameter placed last, if the rank holds one
};

class ArenaLayout {
 public:
  /// `request` outlives the object.
  explicit ArenaLayout(PlanRequest const& request);

  /// Puts the shards of a parameter behind those before them, or where they lie already, and adds the own shard, and
  /// the view that it may be, to `work`. @returns the place of the own shard, if this rank holds one.
  ShardPosition place(CurrentParameter const& parameter, RankWork& work);
  /// What a shard of a group takes in an arena.
  Bytes room_of(CurrentParameter const& parameter, std::uint32_t group) const;
  /// Ascending by rank.
  std::span<NodeArena const> arenas() const noexcept { return arenas_; }
  /// Bytes of this rank's arena so far.
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
