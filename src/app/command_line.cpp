// Options of `distload`.
#include "app/command_line.hpp"

#include <CLI/CLI.hpp>

#include <distload/base/error.hpp>

#include "app/parse_arguments.hpp"

namespace distload {

std::optional<CommandLine> parse_command_line(int argc, char const* const* argv, bool prints) {
  CommandLine line;
  CLI::App app(
      "Loads an LLM checkpoint onto tensor-, pipeline- and data-parallel ranks: mpirun -np 4 distload config.yaml",
      "distload");
  app.add_option("config", line.config, "the configuration (config/reference.yaml lists its keys), or a checkpoint");
  app.add_flag("--dry-run", line.dry_run, "print plan, bytes, memory and predicted seconds; load nothing");
  app.add_option("--set", line.settings, "above environment and file; may be given more than once")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--report", line.report, "write the JSON report to this file (report.json)")->type_name("FILE");
  app.add_option("--progress", line.progress, "how progress is shown on stderr (report.progress)")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}))
      ->type_name("MODE");
  std::string redistribute;
  auto* const redistribute_option =
      app.add_option(
             "--redistribute", redistribute,
             "after loading, bring the model into this topology in memory, e.g. tensor_parallel=2,data_parallel=2")
          ->type_name("KEY=N,...");
  app.add_flag("--in-place", line.in_place, "with --redistribute: free the loaded shards on the way, to save memory");
  app.add_flag("--version", line.version, "print the versions of distload and of what it is built on");
  if (!parse_arguments(app, argc, argv, prints)) return std::nullopt;
  if (redistribute_option->count() > 0) line.redistribute = parse_redistribute_option(redistribute);
  if (line.in_place && !line.redistribute) throw UsageError("--in-place is of --redistribute, which is not given");
  // Checked here: CLI11 would report the missing file before any other error, and --version needs no file.
  if (line.config.empty() && !line.version) {
    throw UsageError("no configuration is given: distload config.yaml (distload --help shows how it is used)");
  }
  return line;
}

}  // namespace distload
