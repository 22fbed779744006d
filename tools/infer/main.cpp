// distload-infer: computes with a loaded checkpoint, and proves that any topology gives the same result.
#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>
#include <distload/parallel/resolve_topology.hpp>
#include <distload/parallel/watchdog.hpp>

#include "app/agree_on_config.hpp"
#include "app/kokkos_settings.hpp"
#include "infer/arguments.hpp"
#include "infer/infer_job.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/run_job.hpp"

namespace distload {
namespace {

ExitCode run(MpiEnvironment& mpi, int argc, char** argv) {
  auto& world = mpi.world();
  auto const arguments = parse_infer_arguments(argc, argv, world.rank() == 0);
  if (!arguments) return ExitCode::done;
  CommandLine line;
  line.config = arguments->config;
  line.settings = arguments->settings;
  auto const config = agree_on_config(world, line);
  auto const topology = resolve_topology(config.topology.tensor_parallel, config.topology.pipeline_parallel,
                                         config.topology.data_parallel, world.size(), config.topology.expert_parallel);
  Watchdog watchdog(mpi, config.runtime.timeout);
  watchdog.enter("start");
  ProcessGrid const grid(world, mpi.node(), topology);
  Kokkos::ScopeGuard const kokkos(
      all_or_throw(world, "config", [&] { return kokkos_settings(config.runtime.threads, grid); }));
  infer(mpi, config, *arguments, grid, watchdog);
  return ExitCode::done;
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_job([&](distload::MpiEnvironment& mpi) { return distload::run(mpi, argc, argv); });
}
