// Describes plans on machines.
#include "plan/machine_plan.hpp"

#include <algorithm>
#include <cstdio>

#include "base/table.hpp"
#include "base/text.hpp"

namespace distload {
namespace {

std::string seconds_text(double seconds) {
  char text[32];
  if (seconds < 1) {
    std::snprintf(text, sizeof text, "%.3f ms", seconds * 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.3f s", seconds);
  }
  return text;
}

std::string machine_text(Machine const& machine) {
  return printable(machine.name) + ": " + std::to_string(machine.nodes) + (machine.nodes == 1 ? " node" : " nodes") +
         " with " + std::to_string(machine.devices_per_node) +
         (machine.devices_per_node == 1 ? " device" : " devices") + " of " + format_bytes(machine.device_memory);
}

std::string memory_text(DeviceMemoryUse const& use) {
  auto const text =
      format_bytes(use.needed_bytes) + " of " + format_bytes(use.usable_bytes) + " that a device has for it: ";
  return text + (use.fits() ? "fits" : format_bytes(use.needed_bytes - use.usable_bytes) + " short, does not fit");
}

}  // namespace

PlanOptions plan_options_on(Machine const& machine, LoadOptions const& load) {
  PlanOptions options;
  options.staging_bytes = load.staging;
  use_device(options, load.prefetch, options.page_bytes);
  options.writes_to_peers = load.peer_writes;
  options.dtype = load.dtype;
  options.node_of = machine.node_of();
  options.cost = machine.cost;
  return options;
}

DeviceMemoryUse memory_use_on(Machine const& machine, LoadPlan const& plan) {
  DeviceMemoryUse use{.usable_bytes = machine.usable_bytes()};
  for (auto const& load : plan.ranks) {
    use.needed_bytes = std::max(use.needed_bytes, load.resident_bytes + plan.slots * load.staging_bytes);
  }
  return use;
}

std::string describe_on(Machine const& machine, LoadPlan const& plan) {
  auto const& predicted = plan.predicted;
  Table table;
  table.add({"machine", machine_text(machine)});
  table.add({"memory", memory_text(memory_use_on(machine, plan))});
  for (auto const& [name, seconds] : predicted.stages()) {
    table.add({"predicted " + std::string(name), seconds_text(seconds)});
  }
  table.add({"predicted total", seconds_text(predicted.total_seconds)});
  table.add({"limited by", std::string(predicted.limit().name)});
  return table.text();
}

}  // namespace distload
