/// The command line of the program.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace distload {

struct CommandLine {
  std::string config;                   ///< path of the configuration
  bool dry_run = false;                 ///< print the plan, load nothing
  bool version = false;                 ///< print versions; nothing else is looked at
  std::vector<std::string> settings;    ///< of --set, "KEY=VALUE" each
  std::optional<std::string> report;    ///< --report FILE
  std::optional<std::string> progress;  ///< --progress MODE
};

/// Local. @returns nothing if help was asked for and, where `prints`, has been printed to stdout.
/// @throws UsageError
std::optional<CommandLine> parse_command_line(int argc, char const* const* argv, bool prints);

}  // namespace distload
