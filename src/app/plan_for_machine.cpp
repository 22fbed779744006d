// Plans on rank 0.
#include "app/plan_for_machine.hpp"

#include <algorithm>

#include <distload/base/error.hpp>
#include <distload/parallel/resolve_topology.hpp>

#include "app/agree_on_config.hpp"
#include "base/log.hpp"
#include "base/standard_streams.hpp"
#include "config/machine.hpp"
#include "load/open_steps.hpp"
#include "parallel/all_or_throw.hpp"
#include "plan/machine_plan.hpp"
#include "plan/make_plan.hpp"

namespace distload {
namespace {

void refuse_if_short(Machine const& machine, DeviceMemoryUse const& use) {
  if (use.fits()) return;
  throw OutOfBudget("a rank needs " + format_bytes(use.needed_bytes) + " of device memory, but " + machine.name +
                    " has " + format_bytes(use.usable_bytes) +
                    " for it: " + format_bytes(use.needed_bytes - use.usable_bytes) +
                    " short; cut the model over more ranks (topology.tensor_parallel, topology.pipeline_parallel)");
}

void plan(CommandLine const& line) {
  auto machine = find_machine(*line.machine);
  Config defaults;
  defaults.cost = machine.cost;
  auto const config = configuration_of(line, defaults);
  machine.cost = config.cost;
  auto const& sizes = config.topology;
  auto const topology = resolve_topology(sizes.tensor_parallel, sizes.pipeline_parallel, sizes.data_parallel,
                                         machine.ranks(), sizes.expert_parallel);
  auto const opened = open_alone(config, topology);
  for (auto const& warning : opened.catalog.warnings) log().warn(warning);
  auto options = plan_options_on(machine, config.load);
  if (opened.stored) options.stored_extents = opened.stored->extents;
  auto const made = make_plan(opened.catalog, opened.layout, topology, 0, options);
  print(describe(made, opened.catalog, opened.layout));
  print("\n" + describe_on(machine, made));
  auto use = memory_use_on(machine, made);
  if (config.load.memory_limit) use.usable_bytes = std::min(use.usable_bytes, *config.load.memory_limit);
  refuse_if_short(machine, use);
}

}  // namespace

void plan_for_machine(Communicator& world, CommandLine const& line) {
  all_or_throw(world, "plan", [&] {
    if (world.rank() == 0) plan(line);
  });
}

}  // namespace distload
