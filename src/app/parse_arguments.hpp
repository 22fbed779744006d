/// parse_arguments: CLI11 with distload's help, version and exceptions.
#pragma once

#include "app/program_app.hpp"

namespace distload {

/// Local: sets the variables bound to `app`. @returns false if help, the version, or with `--generate` the man page or
/// a completion was asked for; then the first rank of the launcher has printed it to stdout.
/// @throws UsageError  names the program and says how to get help.
bool parse_arguments(ProgramApp& app, int argc, char const* const* argv);

}  // namespace distload
