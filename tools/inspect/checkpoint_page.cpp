// Plans the usual topologies.
#include "inspect/checkpoint_page.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "inspect/page.hpp"

namespace distload {
namespace {

/// What the page shows besides the chosen topology: fewer for a model of very many tensors, whose plans take seconds.
std::vector<Topology> usual_topologies(std::size_t tensors) {
  constexpr std::size_t kMostPlannedTensors = 300'000;
  std::vector<Topology> usual{{1, 1, 1, 1}, {8, 1, 1, 1}, {2, 1, 1, 1}, {4, 1, 1, 1}, {4, 2, 1, 1}, {8, 2, 1, 1}};
  usual.resize(
      std::min(usual.size(), std::max<std::size_t>(kMostPlannedTensors / std::max<std::size_t>(tensors, 1), 1)));
  std::ranges::sort(usual, {}, [](Topology const& topology) {
    return std::pair(topology.pipeline_parallel, topology.tensor_parallel);
  });
  return usual;
}

}  // namespace

std::string checkpoint_page(Catalog const& catalog, Planned const* chosen, RulesChoice const& rules,
                            std::optional<Health> const& health) {
  std::vector<Holding> holdings;
  std::vector<Refused> refused;
  if (chosen != nullptr) holdings.push_back(holding_of(catalog, chosen->layout, chosen->plan));
  for (auto const& topology : usual_topologies(catalog.tensors.size())) {
    if (chosen != nullptr && topology == chosen->plan.topology) continue;
    try {
      auto const planned = plan_for(catalog, topology, rules);
      holdings.push_back(holding_of(catalog, planned.layout, planned.plan));
    } catch (Error const& error) {
      if (error.code() != ExitCode::config) throw;
      refused.push_back({topology, error.what()});
    }
  }
  return html_of(gather_page(catalog, health, std::move(holdings), std::move(refused)));
}

}  // namespace distload
