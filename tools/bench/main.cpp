// distload-bench: how near loading comes to bare reading, measured in one run.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include <Kokkos_Core.hpp>
#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>

#include "app/kokkos_settings.hpp"
#include "app/parse_arguments.hpp"
#include "base/table.hpp"
#include "bench/measure.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/run_job.hpp"

namespace distload {
namespace {

struct Arguments {
  Config config;
  std::vector<std::string> engines{"buffered", "collective"};
  std::uint32_t rounds = 7;
  std::string json;
  bool no_verify = false;
};

std::string number(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

double gigabytes_per_second(Measurement const& measured, double seconds) {
  return static_cast<double>(measured.nbytes) / seconds / 1e9;
}

/// Speed as a share of raw reading's: the median of the ratios within each round. A machine whose memory is now fast,
/// now slow, by whole seconds would make a ratio of medians compare one state with the other.
double share_of_raw(Measurement const& measured, Contender const& contender) {
  Samples ratios;
  auto const& raw = measured.contenders.front().read.all();
  for (std::size_t round = 0; round < raw.size(); ++round) ratios.add(raw[round] / contender.read.all()[round]);
  return ratios.median();
}

void print(Measurement const& measured, std::uint32_t ranks, std::uint32_t rounds) {
  std::printf("%zu tensors, %s on %u ranks, read amplification %.2f, medians of %u rounds\n", measured.tensors,
              format_bytes(measured.nbytes).c_str(), ranks, measured.read_amplification, rounds);
  Table table;
  table.add({"", "GB/s", "of raw", "ms", "least ms", "with metadata ms", "metadata ms"});
  for (auto const& contender : measured.contenders) {
    auto const median = contender.read.median();
    std::vector<std::string> row{contender.name, number(gigabytes_per_second(measured, median), 2),
                                 number(100 * share_of_raw(measured, contender), 0) + " %", number(1e3 * median, 1),
                                 number(1e3 * contender.read.least(), 1)};
    if (!contender.whole.all().empty()) {
      row.push_back(number(1e3 * contender.whole.median(), 1));
      row.push_back(number(1e3 * contender.metadata.median(), 2));
    }
    table.add(std::move(row));
  }
  std::fputs(table.text().c_str(), stdout);
}

void write_json(Measurement const& measured, std::uint32_t ranks, std::string const& path) {
  nlohmann::ordered_json json{{"ranks", ranks},
                              {"tensors", measured.tensors},
                              {"bytes", measured.nbytes},
                              {"read_amplification", measured.read_amplification}};
  for (auto const& contender : measured.contenders) {
    auto const median = contender.read.median();
    json["contenders"].push_back({{"name", contender.name},
                                  {"gigabytes_per_second", gigabytes_per_second(measured, median)},
                                  {"of_raw", share_of_raw(measured, contender)},
                                  {"seconds", contender.read.all()},
                                  {"seconds_with_metadata", contender.whole.all()},
                                  {"seconds_metadata", contender.metadata.all()}});
  }
  std::ofstream file(path, std::ios::binary);
  file << json.dump(2) << '\n';
  file.close();
  if (!file) throw IoError("cannot write " + path);
}

ExitCode bench(MpiEnvironment& mpi, Arguments const& arguments) {
  auto& world = mpi.world();
  ProcessGrid const grid(world, mpi.node(), {world.size(), 1, 1});
  Kokkos::ScopeGuard const kokkos(kokkos_settings(arguments.config.runtime.threads, grid));
  auto const measured = measure(grid, arguments.config, arguments.engines, arguments.rounds);
  all_or_throw(world, "report", [&] {
    if (world.rank() != 0) return;
    print(measured, world.size(), arguments.rounds);
    if (!arguments.json.empty()) write_json(measured, world.size(), arguments.json);
  });
  return ExitCode::done;
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_job([&](distload::MpiEnvironment& mpi) {
    distload::Arguments arguments;
    CLI::App app(
        "Compares loading a checkpoint on all ranks of mpirun (tensor parallel) with bare pread of the same bytes.",
        "distload-bench");
    app.add_option("checkpoint", arguments.config.checkpoint.path, "file or directory")->required();
    app.add_option("--step", arguments.config.checkpoint.step,
                   "step in a directory of checkpoints; the newest by default");
    app.add_option("--family", arguments.config.model.family,
                   "partition rules; by config.json's model_type by default");
    app.add_option("--engine", arguments.engines, "engines to compare; buffered and collective by default");
    app.add_option("--rounds", arguments.rounds, "counted rounds")->check(CLI::Range(1U, 1000U));
    app.add_option("--json", arguments.json, "write all samples to this file");
    app.add_flag("--no-verify", arguments.no_verify, "do not compare checksums");
    if (!distload::parse_arguments(app, argc, argv, mpi.world().rank() == 0)) return distload::ExitCode::done;
    arguments.config.load.verify = !arguments.no_verify;
    return distload::bench(mpi, arguments);
  });
}
