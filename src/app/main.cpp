// The distload program: loads a checkpoint as configured, optionally saves it, and reports.
#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>
#include <distload/parallel/resolve_topology.hpp>
#include <distload/parallel/watchdog.hpp>

#include "app/agree_on_config.hpp"
#include "app/command_line.hpp"
#include "app/job.hpp"
#include "app/kokkos_settings.hpp"
#include "app/version_text.hpp"
#include "base/standard_streams.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/run_job.hpp"

namespace distload {
namespace {

ExitCode run(MpiEnvironment& mpi, int argc, char** argv) {
  auto& world = mpi.world();
  auto const line = parse_command_line(argc, argv, world.rank() == 0);
  if (!line) return ExitCode::done;
  if (line->version) {
    if (world.rank() == 0) print(version_text(mpi));
    return ExitCode::done;
  }
  auto const config = agree_on_config(world, *line);
  auto const topology = resolve_topology(config.topology.tensor_parallel, config.topology.pipeline_parallel,
                                         config.topology.data_parallel, world.size(), config.topology.expert_parallel);
  Watchdog watchdog(mpi, config.runtime.timeout);
  watchdog.enter("start");
  ProcessGrid const grid(world, mpi.node(), topology);
  Kokkos::ScopeGuard const kokkos(
      all_or_throw(world, "config", [&] { return kokkos_settings(config.runtime.threads, grid); }));
  return load_and_save(config, grid, watchdog, line->dry_run);
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_job([&](distload::MpiEnvironment& mpi) { return distload::run(mpi, argc, argv); });
}
