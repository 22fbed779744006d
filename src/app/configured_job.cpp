// The steps before a job's own.
#include "app/configured_job.hpp"

#include <distload/parallel/resolve_topology.hpp>

#include "app/agree_on_config.hpp"
#include "app/start_kokkos.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {

void run_configured_job(MpiEnvironment& mpi, CommandLine const& line,
                        std::function<bool(Config const&)> const& needs_device,
                        std::function<void(Config const&, ProcessGrid const&, Watchdog&)> const& body) {
  auto& world = mpi.world();
  auto const config = agree_on_config(world, line);
  auto const topology = resolve_topology(config.topology.tensor_parallel, config.topology.pipeline_parallel,
                                         config.topology.data_parallel, world.size(), config.topology.expert_parallel);
  Watchdog watchdog(mpi, config.runtime.timeout);
  watchdog.enter("start");
  ProcessGrid const grid(world, mpi.node(), topology);
  auto const device = device_if_needed(grid, needs_device(config), config.topology.share_device);
  auto const kokkos = all_or_throw(
      world, "config", [&] { return start_kokkos(config.runtime.threads, grid, device, config.topology.bind); });
  body(config, grid, watchdog);
}

}  // namespace distload
