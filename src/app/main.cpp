// The distload program: loads a checkpoint as its configuration says, saves it where asked, and reports.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <Kokkos_Core.hpp>

#include <distload/base/error.hpp>
#include <distload/config/parse_config.hpp>
#include <distload/load/loader.hpp>
#include <distload/load/report.hpp>
#include <distload/parallel/resolve_topology.hpp>
#include <distload/save/save_report.hpp>
#include <distload/save/saver.hpp>

#include "app/command_line.hpp"
#include "app/describe_conversion.hpp"
#include "app/kokkos_settings.hpp"
#include "app/progress.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "base/wire.hpp"
#include "load/load_dtype.hpp"
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

VerifyAfterWrite verify_after_write(std::string_view configured) {
  if (configured == "none") return VerifyAfterWrite::none;
  return configured == "full" ? VerifyAfterWrite::full : VerifyAfterWrite::index;
}

SaveOptions save_options(Config const& config) {
  auto const& save = *config.save;
  SaveOptions options;
  options.directory = save.directory;
  options.tensor_parallel = save.tensor_parallel;
  options.keep = save.keep;
  options.alignment = save.alignment;
  options.staging = config.load.staging;
  options.format = save.format == "hdf5" ? SourceFormat::hdf5 : SourceFormat::safetensors;
  options.shard_size = save.shard_size;
  options.engine = save.engine;
  options.verify = verify_after_write(save.verify);
  options.base = save.base;
  options.async_staging = save.async_staging;
  return options;
}

ConvertOptions convert_options(Config const& config, ProcessGrid const& grid) {
  ConvertOptions options;
  options.engine = config.load.engine;
  options.verify = config.load.verify;
  options.staging_bytes = config.load.staging;
  options.dtype = load_dtype(config.load.dtype);
  options.ranks_of_node = grid.node_size();
  return options;
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

void warn_of_overflows(std::uint64_t overflows) {
  if (overflows > 0) log().warn("{} numbers are too large for load.dtype and have become infinite", overflows);
}

void print_summary(OpenedCheckpoint const& checkpoint, LoadPlan const& plan, Loader const& loader) {
  auto const seconds = loader.times().total_seconds;
  std::printf("loaded %zu parameters, %s, in %.3f s (%.2f GB/s) with engine %s, read amplification %.2f\n",
              checkpoint.layout.parameters.size(), format_bytes(plan.requested_bytes).c_str(), seconds,
              static_cast<double>(plan.requested_bytes) / seconds / 1e9, loader.engine().name.c_str(),
              plan.read_amplification());
  warn_of_overflows(loader.times().overflows);
}

void print_saved(SaveResult const& saved) {
  std::printf("saved %s, %s, in %.3f s (%.2f GB/s)\n", saved.path.c_str(), format_bytes(saved.checkpoint_bytes).c_str(),
              saved.seconds, static_cast<double>(saved.checkpoint_bytes) / saved.seconds / 1e9);
  if (saved.bytes.taken_over > 0) {
    std::printf("%s of it are as in the base, %s were taken over from there\n",
                format_bytes(saved.bytes.unchanged).c_str(), format_bytes(saved.bytes.taken_over).c_str());
  } else if (saved.bytes.unchanged > 0) {
    std::printf("%s of it are as in the base; the file system could share or copy none of that\n",
                format_bytes(saved.bytes.unchanged).c_str());
  }
}

/// Collective: `save.stream`, once the checkpoint is open.
void convert(Config const& config, ProcessGrid const& grid, OpenedCheckpoint const& checkpoint, Saver& saver,
             bool dry_run) {
  auto const options = convert_options(config, grid);
  bool const speaks = grid.rank() == 0;
  if (dry_run) {
    if (speaks) std::fputs(describe_conversion(checkpoint, options, config.cost, grid).c_str(), stdout);
    return;
  }
  auto const saved = saver.convert(checkpoint, options, grid.topology().tensor_parallel, grid.world());
  if (speaks) {
    print_saved(saved);
    warn_of_overflows(saved.overflows);
  }
  if (config.report.json.empty()) return;
  if (config.report.tensors) log().warn("report.tensors: save.stream has no shards in memory that could be listed");
  write_report(grid.world(), config.report.json, make_conversion_report(grid, checkpoint, options, saved));
}

ExitCode load_and_save(Config const& config, ProcessGrid const& grid, Watchdog& watchdog, bool dry_run) {
  auto& world = grid.world();
  bool const speaks = world.rank() == 0;
  ProgressDisplay display(speaks ? progress_mode(config.report.progress, isatty(STDERR_FILENO) != 0)
                                 : ProgressMode::none);
  std::string phase;
  auto const show = [&](ProgressEvent const& event) {
    watchdog.beat();
    if (event.phase != phase) {
      phase = event.phase;
      watchdog.enter(phase);
    }
    display.show(event);
  };
  Loader loader(grid, config, show);

  auto const checkpoint = loader.open();
  for (auto const& warning : checkpoint.catalog.warnings) log().warn(warning);
  for (auto const& warning : checkpoint.layout.warnings) log().warn(warning);
  std::optional<Saver> saver;
  if (config.save) {
    saver.emplace(save_options(config), show);
    all_or_throw(world, "save_check", [&] {
      saver->check(checkpoint.catalog, checkpoint.layout);
      if (speaks && !dry_run) saver->check_space(checkpoint, load_dtype(config.load.dtype));
    });
    if (config.save->stream) {
      watchdog.enter("save");
      convert(config, grid, checkpoint, *saver, dry_run);
      return ExitCode::done;
    }
  }
  auto const plan = loader.plan(checkpoint);
  if (dry_run) {
    if (speaks)
      std::fputs(describe(plan, checkpoint.catalog, checkpoint.layout, loader.plan_options()).c_str(), stdout);
    return ExitCode::done;
  }
  auto const model = loader.load(checkpoint, plan);
  if (speaks) print_summary(checkpoint, plan, loader);
  if (saver && config.save->async) {
    watchdog.enter("save");
    loader.release_staging();
    saver->save_async(model, model.metadata(), world);
  }
  std::string report;
  if (!config.report.json.empty()) {
    watchdog.enter("report");
    report = make_report(grid, checkpoint, plan, model, loader, config.report.tensors);
    write_report(world, config.report.json, report);
  }
  if (!saver) return ExitCode::done;

  watchdog.enter("save");
  loader.release_staging();
  auto const saved = config.save->async ? saver->wait().value() : saver->save(model, model.metadata(), world);
  if (speaks) print_saved(saved);
  if (!config.report.json.empty()) write_report(world, config.report.json, speaks ? add_to_report(report, saved) : "");
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
