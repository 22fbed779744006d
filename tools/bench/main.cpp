// distload-bench: compares the speed of loads with raw reads, measured in one run.
#include <CLI/CLI.hpp>

#include <map>
#include <string>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>
#include <distload/checkpoint/checkpoint.hpp>

#include "app/kokkos_settings.hpp"
#include "app/parse_arguments.hpp"
#include "base/result_file.hpp"
#include "base/standard_streams.hpp"
#include "bench/bench_report.hpp"
#include "bench/calibrate.hpp"
#include "bench/make_checkpoints.hpp"
#include "bench/measure.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/run_job.hpp"

namespace distload {
namespace {

struct Arguments {
  LoaderOptions config;
  MeasureOptions measured{.engines = {ReadEngine::buffered, ReadEngine::collective, ReadEngine::direct,
                                      ReadEngine::mmap, ReadEngine::automatic}};
  std::vector<std::string> checkpoints;
  std::vector<std::string> states{"warm", "cold"};
  std::vector<Part> parts{Part::all};
  std::string make;
  std::string size = "4GB";
  std::string json;
  bool no_verify = false;
};

ExitCode print_costs(Communicator& world, Arguments const& arguments) {
  auto const catalog = all_or_throw(world, "open", [&] {
    return open_checkpoint(arguments.config.checkpoint.path, arguments.config.checkpoint.step, Latest::valid,
                           arguments.no_verify ? SealUse::warn_of_stale : SealUse::refuse_stale);
  });
  auto const cost = calibrate(world, catalog);
  if (world.rank() == 0) print(cost_section(cost));
  return ExitCode::done;
}

ExitCode bench(MpiEnvironment& mpi, Arguments const& arguments) {
  auto& world = mpi.world();
  all_or_throw(world, "prepare", [&] {
    if (world.rank() == 0 && !arguments.json.empty()) check_result_file(arguments.json, Probe::create_file);
  });
  ProcessGrid const grid(world, mpi.node(), {world.size(), 1, 1});
  Kokkos::ScopeGuard const kokkos(
      all_or_throw(world, "config", [&] { return kokkos_settings(arguments.config.runtime.threads, grid); }));
  auto checkpoints = arguments.checkpoints;
  if (!arguments.make.empty()) {
    auto const made = make_checkpoints(world, arguments.make, *parse_bytes(arguments.size));
    checkpoints.insert(checkpoints.end(), made.begin(), made.end());
  }
  std::vector<Catalog> catalogs;
  catalogs.reserve(checkpoints.size());
  for (auto const& checkpoint : checkpoints) {
    catalogs.push_back(all_or_throw(world, "open", [&] {
      return open_checkpoint(checkpoint, arguments.config.checkpoint.step, Latest::valid,
                             arguments.no_verify ? SealUse::warn_of_stale : SealUse::refuse_stale);
    }));
  }
  std::vector<Measurement> measurements;
  for (auto const& state : arguments.states) {
    for (auto const& checkpoint : checkpoints) {
      for (auto const part : arguments.parts) {
        auto config = arguments.config;
        config.checkpoint.path = checkpoint;
        auto options = arguments.measured;
        options.cold = state == "cold";
        options.part = part;
        // The kernel is slow to free a page cache full of other files, which also leaves no whole huge pages.
        for (auto const& catalog : catalogs) forget_files(world, catalog);
        measurements.push_back(measure(grid, config, options));
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

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_job([&](distload::MpiEnvironment& mpi) {
    distload::Arguments arguments;
    CLI::App app(
        "Compares loading checkpoints on all ranks of mpirun (tensor parallel) with what the machine does without "
        "distload, interleaved\nin one run.",
        "distload-bench");
    std::map<std::string, distload::Part> const parts{{"all", distload::Part::all},
                                                      {"column_parallel", distload::Part::column_parallel},
                                                      {"row_parallel", distload::Part::row_parallel}};
    std::map<std::string, distload::ReadEngine> engines;
    for (auto const word : distload::words_of<distload::ReadEngine>())
      engines.emplace(word, *distload::choice_of<distload::ReadEngine>(word));
    app.add_option("checkpoints", arguments.checkpoints, "files or directories");
    app.add_option("--make", arguments.make,
                   "also the checkpoints in this directory: safetensors, and HDF5 files for this number of ranks, for "
                   "half and for twice as many; they are made if they are not there");
    app.add_option("--size", arguments.size, "of what is made, in bytes of weights: 4GB, 500 MiB")
        ->check([](std::string const& text) { return distload::parse_bytes(text) ? "" : text + " is no size"; })
        ->capture_default_str();
    app.add_option("--step", arguments.config.checkpoint.step,
                   "step in a directory of checkpoints; the newest by default");
    app.add_option("--family", arguments.config.model.family,
                   "partition rules; by config.json's model_type by default");
    app.add_option("--engine", arguments.measured.engines, "engines to compare, e.g. buffered,auto; all by default")
        ->transform(CLI::CheckedTransformer(engines))
        ->delimiter(',')
        ->allow_extra_args(false);
    app.add_option("--state", arguments.states, "warm, cold (the files leave the page cache before every run), or both")
        ->check(CLI::IsMember({"warm", "cold"}))
        ->delimiter(',')
        ->allow_extra_args(false)
        ->capture_default_str();
    app.add_option("--part", arguments.parts, "parameters to load: all, column_parallel, row_parallel")
        ->transform(CLI::CheckedTransformer(parts))
        ->delimiter(',')
        ->allow_extra_args(false);
    app.add_option("--save", arguments.measured.save_directory, "also save, in this directory");
    app.add_option("--rounds", arguments.measured.rounds, "counted rounds")
        ->check(CLI::Range(1U, 1000U))
        ->capture_default_str();
    app.add_option("--json", arguments.json, "write all samples to this file");
    app.add_flag("--no-verify", arguments.no_verify, "do not compare checksums");
    auto* const calibrate = app.add_subcommand(
        "calibrate",
        "Measures for some seconds what storage and links cost, and prints the `cost` section for a configuration.");
    calibrate->add_option("checkpoint", arguments.config.checkpoint.path, "file or directory to read from")->required();
    if (!distload::parse_arguments(app, argc, argv, mpi.world().rank() == 0)) return distload::ExitCode::done;
    if (calibrate->parsed()) return distload::print_costs(mpi.world(), arguments);
    if (arguments.checkpoints.empty() && arguments.make.empty())
      throw distload::UsageError("name a checkpoint, or a directory for --make");
    arguments.config.load.verify = !arguments.no_verify;
    return distload::bench(mpi, arguments);
  });
}
