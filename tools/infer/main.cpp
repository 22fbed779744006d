// distload-infer: computes with a loaded checkpoint, and proves that any topology gives the same result.
#include <optional>

#include <distload/base/error.hpp>
#include <distload/parallel/mpi_environment.hpp>

#include "app/configured_job.hpp"
#include "app/run_program.hpp"
#include "infer/arguments.hpp"
#include "infer/infer_job.hpp"

namespace distload {
namespace {

ExitCode run(MpiEnvironment& mpi, InferArguments const& arguments) {
  CommandLine line;
  line.config = arguments.config;
  line.settings = arguments.settings;
  auto const needs_device = [](Config const&) { return true; };
  run_configured_job(mpi, line, needs_device, [&](Config const& config, ProcessGrid const& grid, Watchdog& watchdog) {
    run_inference(mpi, config, arguments, grid, watchdog);
  });
  return ExitCode::done;
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  std::optional<distload::InferArguments> arguments;
  auto const parse = [&] {
    arguments = distload::parse_infer_arguments(argc, argv);
    return arguments.has_value();
  };
  return distload::run_program(parse, [&](distload::MpiEnvironment& mpi) { return distload::run(mpi, *arguments); });
}
