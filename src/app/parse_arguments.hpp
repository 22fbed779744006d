/// parse_arguments: CLI11 with distload's errors.
#pragma once

namespace CLI {
class App;
}

namespace distload {

/// Local: fills the variables bound to `app`. @returns false if help was asked for and, where `prints`, has been
/// printed to stdout.
/// @throws UsageError  with the program's name and how to get help.
bool parse_arguments(CLI::App& app, int argc, char const* const* argv, bool prints);

}  // namespace distload
