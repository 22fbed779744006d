// distload-bench: compares the speed of loads, saves and computing with that of the machine, measured in one run.
#include <optional>
#include <string>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/checkpoint/checkpoint.hpp>

#include "app/run_program.hpp"
#include "app/start_kokkos.hpp"
#include "base/log.hpp"
#include "base/result_file.hpp"
#include "base/standard_streams.hpp"
#include "bench/arguments.hpp"
#include "bench/bench_report.hpp"
#include "bench/calibrate.hpp"
#include "bench/fresh.hpp"
#include "bench/infer_measure.hpp"
#include "bench/infer_report.hpp"
#include "bench/make_checkpoints.hpp"
#include "bench/repeat.hpp"
#include "bench/sample.hpp"
#include "bench/trials.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {
namespace {

/// Local: the metadata of a checkpoint.
Catalog open_files(BenchArguments const& arguments, std::string const& checkpoint) {
  return open_checkpoint(checkpoint, arguments.config.checkpoint.step, Latest::valid,
                         arguments.no_verify ? SealUse::warn_of_stale : SealUse::refuse_stale);
}

ExitCode measure_machine(MpiEnvironment& mpi, BenchArguments const& arguments) {
  auto const machine = calibrate(mpi, arguments.calibrated);
  all_or_throw(mpi.world(), "report", [&] {
    if (mpi.world().rank() != 0) return;
    print(machine_text(machine));
    auto const path = write_machine(machine, arguments.calibrated);
    if (!path.empty()) log().info("written to {}; dry runs use it from now on", path);
  });
  return ExitCode::done;
}

ExitCode compute(ProcessGrid const& grid, BenchArguments const& arguments) {
  auto& world = grid.world();
  all_or_throw(world, "prepare", [&] {
    if (world.rank() == 0 && !arguments.json.empty()) check_result_file(arguments.json, Probe::create_file);
  });
  auto const figures = measure_inference(grid, arguments.config, arguments.computed);
  if (world.rank() == 0) print(table_of(figures));
  all_or_throw(world, "report", [&] {
    if (world.rank() == 0 && !arguments.json.empty()) write_result_file(arguments.json, json_of(figures));
  });
  return ExitCode::done;
}

ExitCode redistribute(ProcessGrid const& grid, BenchArguments const& arguments) {
  auto& world = grid.world();
  all_or_throw(world, "prepare", [&] {
    if (world.rank() == 0 && !arguments.json.empty()) check_result_file(arguments.json, Probe::create_file);
  });
  auto const steps = measure_redistribution(grid, arguments.config, arguments.redistributed);
  if (world.rank() == 0) print(table_of(steps));
  all_or_throw(world, "report", [&] {
    if (world.rank() == 0 && !arguments.json.empty()) write_result_file(arguments.json, json_of(steps));
  });
  return ExitCode::done;
}

/// Runs one contender, in processes that were started for it.
ExitCode sample(ProcessGrid const& grid, BenchArguments const& arguments) {
  auto config = arguments.config;
  config.checkpoint.path = arguments.checkpoints.front();
  auto options = arguments.measured;
  options.cold = arguments.states.front() == "cold";
  options.part = arguments.parts.front();
  run_sample(grid, config, options, arguments.sample);
  return ExitCode::done;
}

/// The settings of every measurement, in the order of the run.
std::vector<MeasureOptions> settings_of(BenchArguments const& arguments, std::string const& state) {
  std::vector<MeasureOptions> all;
  for (auto const part : arguments.parts) {
    all.push_back(arguments.measured);
    all.back().cold = state == "cold";
    all.back().part = part;
  }
  return all;
}

ExitCode compare(ProcessGrid const& grid, BenchArguments const& arguments) {
  auto& world = grid.world();
  auto const launcher = all_or_throw(world, "prepare", [&]() -> std::optional<Launcher> {
    if (world.rank() != 0) return std::nullopt;
    if (!arguments.json.empty()) check_result_file(arguments.json, Probe::create_file);
    if (arguments.repeat) return std::nullopt;
    return Launcher::find(arguments.launcher);
  });
  auto checkpoints = arguments.checkpoints;
  if (!arguments.make.empty()) {
    auto const made = make_checkpoints(world, arguments.make, *parse_bytes(arguments.size));
    checkpoints.insert(checkpoints.end(), made.begin(), made.end());
  }
  std::vector<Catalog> catalogs;
  catalogs.reserve(checkpoints.size());
  for (auto const& checkpoint : checkpoints)
    catalogs.push_back(all_or_throw(world, "open", [&] { return open_files(arguments, checkpoint); }));
  std::vector<Measurement> measurements;
  for (auto const& state : arguments.states) {
    for (std::size_t number = 0; number < checkpoints.size(); ++number) {
      for (auto const& options : settings_of(arguments, state)) {
        auto config = arguments.config;
        config.checkpoint.path = checkpoints[number];
        // The kernel is slow to free a page cache full of other files, which also leaves no whole huge pages.
        for (auto const& catalog : catalogs) forget_files(world, catalog);
        measurements.push_back(arguments.repeat
                                   ? measure_repeatedly(grid, config, options)
                                   : measure_in_fresh_processes(grid, config, options, catalogs[number], launcher));
        if (world.rank() == 0) print(table_of(measurements.back()) + "\n");
      }
    }
  }
  all_or_throw(world, "report", [&] {
    if (world.rank() != 0 || arguments.json.empty()) return;
    write_result_file(arguments.json, json_of(measurements));
  });
  return ExitCode::done;
}

ExitCode bench(MpiEnvironment& mpi, BenchArguments const& arguments) {
  ProcessGrid const grid(mpi.world(), mpi.node(), {mpi.world().size(), 1, 1});
  auto const device = device_if_needed(grid, true, arguments.config.topology.share_device);
  auto const kokkos = all_or_throw(mpi.world(), "config", [&] {
    return start_kokkos(arguments.config.runtime.threads, grid, device, NumaBinding::none);
  });
  if (arguments.infer) return compute(grid, arguments);
  if (arguments.overlap) {
    auto const text = measure_overlap(grid, arguments.config, arguments.overlapped);
    if (mpi.world().rank() == 0) print(text);
    return ExitCode::done;
  }
  if (arguments.redistribute) return redistribute(grid, arguments);
  return arguments.sample.empty() ? compare(grid, arguments) : sample(grid, arguments);
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  std::optional<distload::BenchArguments> arguments;
  auto const parse = [&] {
    arguments = distload::parse_bench_arguments(argc, argv);
    return arguments.has_value();
  };
  return distload::run_program(parse, [&](distload::MpiEnvironment& mpi) {
    if (arguments->calibrate) return distload::measure_machine(mpi, *arguments);
    return distload::bench(mpi, *arguments);
  });
}
