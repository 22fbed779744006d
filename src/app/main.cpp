// The distload program: loads a checkpoint as its configuration says, saves it where asked, and reports.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>
#include <distload/config/parse_config.hpp>
#include <distload/load/loader.hpp>
#include <distload/load/report.hpp>
#include <distload/parallel/resolve_topology.hpp>
#include <distload/save/saver.hpp>

#include "app/command_line.hpp"
#include "app/kokkos_settings.hpp"
#include "app/progress.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "base/wire.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/run_job.hpp"
#include "parallel/watchdog.hpp"

namespace distload {
namespace {

/// What rank 0 knows of the configuration before it is parsed, as one message.
std::vector<std::byte> configuration_message(CommandLine const& line) {
  WireWriter out;
  out.put_text(read_config_text(line.config));
  auto settings = environment_settings(environ);
  for (auto const& text : line.settings) settings.push_back(parse_setting(text));
  if (line.report) settings.push_back({"report.json", *line.report, "--report"});
  if (line.progress) settings.push_back({"report.progress", *line.progress, "--progress"});
  out.put(settings.size());
  for (auto const& setting : settings) {
    out.put_text(setting.key);
    out.put_text(setting.value);
    out.put_text(setting.origin);
  }
  return out.take();
}

/// Collective: file and environment are rank 0's; every rank parses the same text.
Config agree_on_config(Communicator& world, CommandLine const& line) {
  auto message = all_or_throw(
      world, "config", [&] { return world.rank() == 0 ? configuration_message(line) : std::vector<std::byte>{}; });
  message = broadcast_message(world, std::move(message), 0);
  return all_or_throw(world, "config", [&] {
    WireReader in(message);
    auto const text = in.get_text();
    std::vector<Setting> settings(in.get<std::size_t>());
    for (auto& setting : settings) {
      setting.key = in.get_text();
      setting.value = in.get_text();
      setting.origin = in.get_text();
    }
    return parse_config(text, line.config, settings);
  });
}

SaveOptions save_options(Config const& config) {
  auto const& save = *config.save;
  auto const format = save.format == "hdf5" ? SourceFormat::hdf5 : SourceFormat::safetensors;
  return {save.directory, save.tensor_parallel, save.keep, save.alignment, config.load.staging,
          format,         save.shard_size};
}

/// Collective: rank 0 writes `text` to `path`.
void write_report(Communicator& world, std::string const& path, std::string const& text) {
  all_or_throw(world, "report", [&] {
    if (world.rank() != 0) return;
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw IoError("cannot write the report " + path);
  });
}

void print_summary(OpenedCheckpoint const& checkpoint, LoadPlan const& plan, Loader const& loader) {
  auto const seconds = loader.times().total_seconds;
  std::printf("loaded %zu parameters, %s, in %.3f s (%.2f GB/s) with engine %s, read amplification %.2f\n",
              checkpoint.layout.parameters.size(), format_bytes(plan.requested_bytes).c_str(), seconds,
              static_cast<double>(plan.requested_bytes) / seconds / 1e9, loader.engine().name.c_str(),
              plan.read_amplification());
  if (loader.times().overflows > 0) {
    log().warn("{} numbers are too large for load.dtype and have become infinite", loader.times().overflows);
  }
}

ExitCode load_and_save(Config const& config, ProcessGrid const& grid, Watchdog& watchdog, bool dry_run) {
  auto& world = grid.world();
  bool const speaks = world.rank() == 0;
  ProgressDisplay display(speaks ? progress_mode(config.report.progress, isatty(STDERR_FILENO) != 0)
                                 : ProgressMode::none);
  std::string phase;
  Loader loader(grid, config, [&](ProgressEvent const& event) {
    watchdog.beat();
    if (event.phase != phase) {
      phase = event.phase;
      watchdog.enter(phase);
    }
    display.show(event);
  });

  auto const checkpoint = loader.open();
  for (auto const& warning : checkpoint.catalog.warnings) log().warn(warning);
  for (auto const& warning : checkpoint.layout.warnings) log().warn(warning);
  if (config.save) {
    all_or_throw(world, "save_check",
                 [&] { Saver(save_options(config)).check(checkpoint.catalog, checkpoint.layout); });
  }
  auto const plan = loader.plan(checkpoint);
  if (dry_run) {
    if (speaks)
      std::fputs(describe(plan, checkpoint.catalog, checkpoint.layout, loader.plan_options()).c_str(), stdout);
    return ExitCode::done;
  }
  auto const model = loader.load(checkpoint, plan);
  if (speaks) print_summary(checkpoint, plan, loader);
  if (!config.report.json.empty()) {
    watchdog.enter("report");
    write_report(world, config.report.json, make_report(grid, checkpoint, plan, model, loader, config.report.tensors));
  }
  if (config.save) {
    watchdog.enter("save");
    loader.release_staging();
    auto const path = Saver(save_options(config)).save(model, model.metadata(), world);
    if (speaks) std::printf("saved %s\n", path.c_str());
  }
  return ExitCode::done;
}

ExitCode run(MpiEnvironment& mpi, int argc, char** argv) {
  auto& world = mpi.world();
  auto const line = parse_command_line(argc, argv, world.rank() == 0);
  if (!line) return ExitCode::done;
  if (line->version) {
    if (world.rank() == 0) std::fputs(version_text(mpi).c_str(), stdout);
    return ExitCode::done;
  }
  auto const config = agree_on_config(world, *line);
  auto const topology = resolve_topology(config.topology.tensor_parallel, config.topology.pipeline_parallel,
                                         config.topology.data_parallel, world.size(), config.topology.expert_parallel);
  Watchdog watchdog(mpi, config.runtime.timeout);
  watchdog.enter("start");
  ProcessGrid const grid(world, mpi.node(), topology);
  Kokkos::ScopeGuard const kokkos(kokkos_settings(config.runtime.threads, grid));
  return load_and_save(config, grid, watchdog, line->dry_run);
}

}  // namespace
}  // namespace distload

int main(int argc, char** argv) {
  return distload::run_job([&](distload::MpiEnvironment& mpi) { return distload::run(mpi, argc, argv); });
}
