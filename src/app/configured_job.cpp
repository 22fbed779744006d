// The steps before a job's own.
#include "app/configured_job.hpp"

#include <optional>

#include <Kokkos_Core.hpp>

#include <distload/parallel/resolve_topology.hpp>

#include "app/agree_on_config.hpp"
#include "app/bind_rank.hpp"
#include "app/kokkos_settings.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {

void run_configured_job(MpiEnvironment& mpi, CommandLine const& line,
                        std::function<void(Config const&, ProcessGrid const&, Watchdog&)> const& body) {
  auto& world = mpi.world();
  auto const config = agree_on_config(world, line);
  auto const topology = resolve_topology(config.topology.tensor_parallel, config.topology.pipeline_parallel,
                                         config.topology.data_parallel, world.size(), config.topology.expert_parallel);
  Watchdog watchdog(mpi, config.runtime.timeout);
  watchdog.enter("start");
  ProcessGrid const grid(world, mpi.node(), topology);
  auto const settings = all_or_throw(world, "config", [&] { return kokkos_settings(config.runtime.threads, grid); });
  // After the threads are counted, which depends on the processors of the process.
  bind_rank(config.topology.bind, grid,
            settings.has_device_id() ? std::optional(settings.get_device_id()) : std::nullopt);
  Kokkos::ScopeGuard const kokkos(settings);
  body(config, grid, watchdog);
}

}  // namespace distload
