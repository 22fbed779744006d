/// The command line of the program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/redistribute_option.hpp"

namespace distload {

struct CommandLine {
  std::string config;                              ///< path of the configuration, or of a checkpoint
  bool dry_run = false;                            ///< print the plan, load nothing
  bool version = false;                            ///< print versions and ignore everything else
  std::vector<std::string> settings;               ///< values of --set, each "KEY=VALUE"
  std::optional<std::string> report;               ///< --report FILE
  std::optional<std::string> progress;             ///< --progress MODE
  std::optional<RedistributeOption> redistribute;  ///< --redistribute KEY=N,...
  bool in_place = false;                           ///< --in-place: free the loaded model while it is redistributed
};

/// Local. @returns nothing if help was requested; then prints it to stdout if `prints`.
/// @throws UsageError
std::optional<CommandLine> parse_command_line(int argc, char const* const* argv, bool prints);

}  // namespace distload
