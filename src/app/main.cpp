// The distload program: loads a checkpoint as configured, optionally saves it, and reports.
#include <distload/base/error.hpp>

#include "app/command_line.hpp"
#include "app/configured_job.hpp"
#include "app/job.hpp"
#include "app/plan_for_machine.hpp"
#include "app/version_text.hpp"
#include "base/standard_streams.hpp"
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
  if (line->machine) {
    plan_for_machine(world, *line);
    return ExitCode::done;
  }
  auto const needs_device = [&](Config const& config) {
    return !line->dry_run && !(config.save && config.save->stream);
  };
  run_configured_job(mpi, *line, needs_device, [&](Config const& config, ProcessGrid const& grid, Watchdog& watchdog) {
    load_and_save(config, grid, watchdog, {line->dry_run, line->rows, line->redistribute, line->in_place});
  });
  return ExitCode::done;
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_job([&](distload::MpiEnvironment& mpi) { return distload::run(mpi, argc, argv); });
}
