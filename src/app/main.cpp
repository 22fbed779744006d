// The distload program: loads a checkpoint as configured, optionally saves it, and reports.
#include <optional>

#include <distload/base/error.hpp>

#include "app/command_line.hpp"
#include "app/configured_job.hpp"
#include "app/job.hpp"
#include "app/plan_for_machine.hpp"
#include "app/run_program.hpp"

namespace distload {
namespace {

ExitCode run(MpiEnvironment& mpi, CommandLine const& line) {
  if (line.machine) {
    plan_for_machine(mpi.world(), line);
    return ExitCode::done;
  }
  auto const needs_device = [&](Config const& config) {
    return !line.dry_run && !(config.save && config.save->stream);
  };
  run_configured_job(mpi, line, needs_device, [&](Config const& config, ProcessGrid const& grid, Watchdog& watchdog) {
    load_and_save(config, grid, watchdog, {line.dry_run, line.rows, line.redistribute, line.in_place});
  });
  return ExitCode::done;
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  std::optional<distload::CommandLine> line;
  auto const parse = [&] {
    line = distload::parse_command_line(argc, argv);
    return line.has_value();
  };
  return distload::run_program(parse, [&](distload::MpiEnvironment& mpi) { return distload::run(mpi, *line); });
}
