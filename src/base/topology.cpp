// Checks the properties of a topology that do not depend on the number of ranks.
#include <distload/base/topology.hpp>

#include <string>

#include <distload/base/error.hpp>

namespace distload {

void check_expert_parallel(Topology const& topology) {
  auto const groups = topology.expert_parallel;
  if (groups > 0 && topology.stage_ranks() % groups == 0) return;
  throw ConfigError("topology.expert_parallel is " + std::to_string(groups) + ", which does not divide the " +
                    std::to_string(topology.stage_ranks()) +
                    " ranks of a pipeline stage (tensor_parallel x data_parallel)");
}

}  // namespace distload
