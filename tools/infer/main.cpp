// distload-infer: computes with a loaded checkpoint, and proves that any topology gives the same result.
#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "app/configured_job.hpp"
#include "infer/arguments.hpp"
#include "infer/infer_job.hpp"
#include "parallel/run_job.hpp"

namespace distload {
namespace {

ExitCode run(MpiEnvironment& mpi, int argc, char** argv) {
  auto const arguments = parse_infer_arguments(argc, argv, mpi.world().rank() == 0);
  if (!arguments) return ExitCode::done;
  CommandLine line;
  line.config = arguments->config;
  line.settings = arguments->settings;
  auto const needs_device = [](Config const&) { return true; };
  run_configured_job(mpi, line, needs_device, [&](Config const& config, ProcessGrid const& grid, Watchdog& watchdog) {
    run_inference(mpi, config, *arguments, grid, watchdog);
  });
  return ExitCode::done;
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_job([&](distload::MpiEnvironment& mpi) { return distload::run(mpi, argc, argv); });
}
