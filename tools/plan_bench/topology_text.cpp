#include "plan_bench/topology_text.hpp"

namespace distload::plan_bench {

std::string text_of(Topology const& topology) {
  auto text = std::to_string(topology.tensor_parallel) + " x " + std::to_string(topology.pipeline_parallel) + " x " +
              std::to_string(topology.data_parallel);
  if (topology.expert_parallel > 1) text += ", experts " + std::to_string(topology.expert_parallel);
  return text;
}

}  // namespace distload::plan_bench
