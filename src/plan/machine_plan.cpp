// Describes plans on machines.
#include "plan/machine_plan.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace distload {

std::string describe(Machine const& machine) {
  return printable(machine.name) + ": " + std::to_string(machine.nodes) + (machine.nodes == 1 ? " node" : " nodes") +
         " with " + std::to_string(machine.devices_per_node) + (machine.on_host ? " rank" : " device") +
         (machine.devices_per_node == 1 ? "" : "s") + " of " + format_bytes(machine.device_memory) + " each";
}

PlanOptions plan_options_on(Machine const& machine, LoadOptions const& load) {
  PlanOptions options;
  options.staging_bytes = load.staging;
  if (machine.on_host) {
    options.slots = 1 + load.prefetch;
    options.shows_passing = true;
  } else {
    use_device(options, load.prefetch, options.page_bytes);
  }
  options.writes_to_peers = load.peer_writes;
  options.dtype = load.dtype;
  options.node_of = machine.node_of();
  options.cost = machine.cost;
  return options;
}

DeviceMemoryUse memory_use_on(Machine const& machine, LoadPlan const& plan) {
  return {.needed_bytes = plan.needed_bytes(), .usable_bytes = machine.usable_bytes()};
}

}  // namespace distload
