/// parse_arguments: CLI11 with distload's exceptions.
#pragma once

namespace CLI {
class App;
}

namespace distload {

/// Local: sets the variables bound to `app`. @returns false if help was requested; then prints it to stdout if
/// `prints`.
/// @throws UsageError  names the program and says how to get help.
bool parse_arguments(CLI::App& app, int argc, char const* const* argv, bool prints);

}  // namespace distload
