// Adds up parameters and ranks by stage.
#include "plan/stage_summary.hpp"

#include <algorithm>
#include <set>

namespace distload {

std::vector<StageSummary> summarise_stages(LoadPlan const& plan, ModelLayout const& layout) {
  std::vector<StageSummary> stages(plan.topology.pipeline_parallel);
  std::vector<std::set<std::uint64_t>> layers(stages.size());
  for (auto const& parameter : layout.parameters) {
    for (auto const stage : parameter.stages) {
      ++stages[stage].parameters;
      if (parameter.layer) {
        layers[stage].insert(*parameter.layer);
      } else {
        stages[stage].has_others = true;
      }
    }
  }
  for (std::uint32_t number = 0; number < stages.size(); ++number) {
    auto& stage = stages[number];
    stage.ranks = plan.topology.stage_ranks();
    stage.first_rank = number * stage.ranks;
    stage.layers.assign(layers[number].begin(), layers[number].end());
    for (auto rank = stage.first_rank; rank < stage.first_rank + stage.ranks; ++rank) {
      auto const& load = plan.ranks[rank];
      stage.resident_bytes = std::max(stage.resident_bytes, load.resident_bytes);
      stage.needed_bytes = std::max(stage.needed_bytes, plan.needed_bytes(load));
      stage.read_bytes += load.read_bytes;
    }
  }
  return stages;
}

}  // namespace distload
