/// Shards that a rank holds of a side, and where they are.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/load/sharded_model.hpp>

#include "plan/rank_work.hpp"
#include "redistribute/plan/make_redistribute_plan.hpp"
#include "redistribute/plan/side.hpp"

namespace distload {

/// By parameter of `side`: where the shard of this rank begins in the model's memory.
ShardOffsets offsets_in(ShardedModel const& model, Side const& side);

/// The shards of a rank of `side` with the positions of `planned`; a split parameter becomes several.
std::vector<Shard> shards_at(Side const& side, std::uint32_t rank, std::vector<PlannedShard> planned);

/// @param role  "source" or "target", for messages
/// @throws ConfigError  the model has other shards than that rank of `side`.
void check_model(ShardedModel const& model, Side const& side, std::uint32_t rank, ShardOffsets const& offsets,
                 char const* role);

}  // namespace distload
