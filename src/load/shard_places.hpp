/// Where the shards of a loaded model lie, as the plan for filling it again wants to know.
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

/// By parameter of `checkpoint`: where this rank's shard lies in `arena`, that of `model`; nothing if it has none.
std::vector<std::optional<ShardPlace>> places_in(ShardedModel const& model, Arena const& arena,
                                                 OpenedCheckpoint const& checkpoint);

/// Collective over the node: the places in the arenas of all of its ranks.
PlacesByRank shared_on_node(ProcessGrid const& grid, std::vector<std::optional<ShardPlace>> const& own);

}  // namespace distload
