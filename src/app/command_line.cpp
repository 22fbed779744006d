// Options of `distload`.
#include "app/command_line.hpp"

#include <CLI/CLI.hpp>

#include "app/parse_arguments.hpp"

namespace distload {

std::optional<CommandLine> parse_command_line(int argc, char const* const* argv, bool speaks) {
  CommandLine line;
  CLI::App app(
      "Loads an LLM checkpoint onto tensor-, pipeline- and data-parallel ranks: mpirun -np 4 distload config.yaml",
      "distload");
  auto* const version =
      app.add_flag("--version", line.version, "print the versions of distload and of what it is built on");
  app.add_flag("--dry-run", line.dry_run, "print plan, bytes, memory and predicted seconds; load nothing");
  app.add_option("--set", line.settings, "KEY=VALUE, above environment and file; may be given more than once")
      ->allow_extra_args(false);
  app.add_option("--report", line.report, "write the JSON report to this file (report.json)");
  app.add_option("--progress", line.progress, "auto, bar, line, json or none (report.progress)")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  app.add_option("config", line.config, "the configuration; config/reference.yaml lists its keys")->required();
  version->configurable(false);
  // --version needs no configuration.
  version->trigger_on_parse();
  version->each([&app](std::string const&) { app.get_option("config")->required(false); });
  if (!parse_arguments(app, argc, argv, speaks)) return std::nullopt;
  return line;
}

}  // namespace distload
