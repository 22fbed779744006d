/// The shards of this rank, as a plan places them in the arena.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <distload/load/loader.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

/// In the order of the plan; a split parameter becomes several shards.
std::vector<Shard> shards_of(OpenedCheckpoint const& checkpoint, LoadPlan const& plan);

/// The aliases whose target is among `shards`.
std::map<std::string, std::string, std::less<>> aliases_of(OpenedCheckpoint const& checkpoint,
                                                           std::vector<Shard> const& shards);

/// @throws ConfigError  the shards of a model differ from those of a plan.
void check_same(std::span<Shard const> held, std::vector<Shard> const& planned);

}  // namespace distload
