// Plans on rank 0.
#include "app/plan_for_machine.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include <distload/base/error.hpp>
#include <distload/parallel/resolve_topology.hpp>
#include <distload/save/saver.hpp>

#include "app/agree_on_config.hpp"
#include "app/dry_run.hpp"
#include "app/options.hpp"
#include "base/log.hpp"
#include "base/scope_timer.hpp"
#include "config/machine.hpp"
#include "load/open_steps.hpp"
#include "parallel/all_or_throw.hpp"
#include "plan/machine_plan.hpp"
#include "plan/make_plan.hpp"

namespace distload {
namespace {

/// What a save of the configuration would take; nothing if none is configured.
std::optional<SaveForecast> save_of(Config const& config, OpenedCheckpoint const& opened) {
  if (!config.save) return std::nullopt;
  Saver const saver(save_options(config));
  saver.check(opened.catalog, opened.layout);
  return forecast_save(saver.space(opened, config.load.dtype), config.cost);
}

/// @throws ConfigError  the topology has not as many ranks as the machine has devices.
Topology topology_on(Machine const& machine, std::string const& name, TopologyOptions const& sizes) {
  std::uint64_t const fixed =
      std::uint64_t{sizes.tensor_parallel.value_or(1)} * sizes.pipeline_parallel * sizes.data_parallel.value_or(1);
  if (fixed == 0 || machine.ranks() % fixed != 0) {
    throw ConfigError("--machine " + name + " has " + std::to_string(machine.ranks()) +
                      " devices, which a topology of tensor x pipeline x data = " + std::to_string(fixed) +
                      " ranks does not divide: describe another machine, or ask for another topology");
  }
  return resolve_topology(sizes.tensor_parallel, sizes.pipeline_parallel, sizes.data_parallel, machine.ranks(),
                          sizes.expert_parallel);
}

void plan(CommandLine const& line) {
  auto const begin = std::chrono::steady_clock::now();
  auto machine = find_machine(*line.machine);
  auto const config = configuration_of(line, machine.cost);
  auto const costs_from =
      config.cost == machine.cost ? *line.machine : "of the configuration; otherwise " + *line.machine;
  machine.cost = config.cost;
  auto const& sizes = config.topology;
  auto const topology = topology_on(machine, *line.machine, sizes);
  auto const opened = open_alone(config, topology);
  for (auto const& warning : opened.catalog.warnings) log().warn(warning);
  auto options = plan_options_on(machine, config.load);
  if (opened.stored) options.stored_extents = opened.stored->extents;
  auto made = make_plan(opened.catalog, opened.layout, topology, 0, options);
  made.predicted.open_seconds = seconds_since(begin);
  made.predicted.total_seconds += made.predicted.open_seconds;
  auto const engine = config.load.engine == ReadEngine::automatic ? ReadEngine::direct : config.load.engine;
  made.engine = {engine, engine == config.load.engine ? "configured" : "files that are not in the page cache"};
  made.memory_limit = std::min(machine.usable_bytes(), config.load.memory_limit.value_or(machine.usable_bytes()));
  DryRun shown;
  shown.checkpoint = &opened;
  shown.plan = &made;
  shown.cost = config.cost;
  shown.costs_from = costs_from;
  shown.machine = describe(machine);
  shown.limit_of = made.memory_limit == config.load.memory_limit ? "load.memory_limit"
                   : machine.on_host                             ? "a rank's memory"
                                                                 : "a device's memory";
  shown.save = save_of(config, opened);
  shown.what_fits = find_what_fits(opened, made);
  finish_dry_run(shown, config, line.rows);
}

}  // namespace

void plan_for_machine(Communicator& world, CommandLine const& line) {
  all_or_throw(world, "plan", [&] {
    if (world.rank() == 0) plan(line);
  });
}

}  // namespace distload
