// Collects what a binding depends on, decides, and binds.
#include "app/bind_rank.hpp"

#include <string>

#include "base/log.hpp"
#include "base/numa.hpp"
#include "device/survey.hpp"

namespace distload {
namespace {

NumaFacts facts_of(ProcessGrid const& grid, std::optional<int> device) {
  NumaFacts facts;
  facts.nodes = numa_nodes();
  facts.current = current_processors();
  facts.allowed = allowed_processors().value_or(facts.current);
  facts.has_device = is_built_for_devices();
  facts.node_rank = grid.node_rank();
  facts.node_size = grid.node_size();
  facts.device_node = numa_node_of_device(device.value_or(0), facts.nodes);
  return facts;
}

}  // namespace

void bind_rank(NumaBinding kind, ProcessGrid const& grid, std::optional<int> device) {
  if (kind == NumaBinding::none) return;
  auto const decision = decide_binding(kind, facts_of(grid, device));
  bool const is_asked_for = kind == NumaBinding::numa;
  if (!decision.target) {
    if (is_asked_for) log().warn("topology.bind: not bound: {}", decision.reason);
    return;
  }
  auto const refused = bind_this_thread(*decision.target);
  if (refused.empty()) {
    log().debug("topology.bind: {}", decision.reason);
  } else if (is_asked_for) {
    log().warn("topology.bind: not bound to {}: {}", decision.reason, refused);
  }
}

}  // namespace distload
