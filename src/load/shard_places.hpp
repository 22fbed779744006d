/// Positions of the shards of a loaded model, for planning a reload.
#pragma once

#include <optional>
#include <vector>

#include <distload/load/loader.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/process_grid.hpp>

#include "load/arena.hpp"
#include "plan/make_plan.hpp"

namespace distload {

/// As in `PlanOptions`.
using PlacesByRank = decltype(PlanOptions::places);

/// By parameter of `checkpoint`: the position of this rank's shard in `arena`, which is `model`'s; nothing if the rank
/// has none.
std::vector<std::optional<ShardPlace>> places_in(ShardedModel const& model, Arena const& arena,
                                                 OpenedCheckpoint const& checkpoint);

/// Collective over the node: the positions in the arenas of all its ranks.
PlacesByRank shared_on_node(ProcessGrid const& grid, std::vector<std::optional<ShardPlace>> const& own);

}  // namespace distload
