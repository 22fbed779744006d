/// Positions of shards in memory that exists already, for planning to fill it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include <distload/load/loader.hpp>
#include <distload/load/shard_memory.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/process_grid.hpp>

#include "load/arena.hpp"
#include "plan/make_plan.hpp"

namespace distload {

/// As in `PlanOptions`.
using PlacesByRank = decltype(PlanOptions::places);

/// Memory that a load is to fill.
struct MemoryToFill {
  std::vector<std::optional<ShardPlace>> places;  ///< by parameter of the checkpoint; nothing if the rank has no shard
  bool can_be_opened = false;                     ///< as Arena says
};

/// By parameter of `checkpoint`: the position of this rank's shard in `arena`, which is `model`'s; nothing if the rank
/// has none.
std::vector<std::optional<ShardPlace>> places_in(ShardedModel const& model, Arena const& arena,
                                                 OpenedCheckpoint const& checkpoint);

/// All memory between the first and the last byte of shards, of which nothing but the shards is to be touched.
Arena arena_over(std::span<ShardMemory const> own);

/// The positions of shards in `arena`, which is over them. @throws ConfigError  a name is there twice, or is none of
/// the checkpoint's.
std::vector<std::optional<ShardPlace>> places_in(std::span<ShardMemory const> own, Arena const& arena,
                                                 OpenedCheckpoint const& checkpoint);

/// @throws ConfigError  `own` has not the shards of the plan, in the same places of `arena`.
void check_memory(std::span<ShardMemory const> own, Arena const& arena, OpenedCheckpoint const& checkpoint,
                  LoadPlan const& plan);

/// Collective over the node: the positions in the arenas of all its ranks.
PlacesByRank shared_on_node(ProcessGrid const& grid, std::vector<std::optional<ShardPlace>> const& own);

}  // namespace distload
