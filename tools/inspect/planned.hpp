/// plan_for: the layout and the plan of a checkpoint for one topology.
#pragma once

#include <string>

#include <distload/base/topology.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

/// Where the rules come from.
struct RulesChoice {
  std::string family = "auto";
  std::string rules = "auto";
};

struct Planned {
  ModelLayout layout;
  LoadPlan plan;  ///< of rank 0
};

/// @throws ConfigError  the rules do not fit the checkpoint, or it cannot be cut for the topology.
Planned plan_for(Catalog const& catalog, Topology const& topology, RulesChoice const& choice);

}  // namespace distload
