/// The command line of the program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <distload/config/parse_config.hpp>

#include "app/redistribute_option.hpp"

namespace distload {

struct CommandLine {
  std::string config;    ///< path of the configuration, or of a checkpoint; empty: `checkpoint.path` is set otherwise
  bool dry_run = false;  ///< print the plan, load nothing
  bool rows = false;     ///< --rows, only with --dry-run: print ranks and tensors
  std::optional<std::string> machine;              ///< --machine NAME or FILE, only with --dry-run
  std::vector<std::string> settings;               ///< values of --set, each "KEY=VALUE"
  std::vector<Setting> short_forms;                ///< of options that stand for a key: --report FILE
  std::optional<RedistributeOption> redistribute;  ///< --redistribute KEY=N,...
  bool in_place = false;                           ///< --in-place: free the loaded model while it is redistributed
};

/// Local. @returns nothing if help or versions were asked for; then they have been printed, once in the job.
/// @throws UsageError
std::optional<CommandLine> parse_command_line(int argc, char const* const* argv);

}  // namespace distload
