/// The output of distload-verify.
#pragma once

#include <span>
#include <string>

#include "verify/outcome.hpp"

namespace distload {

/// As text: a line for each damage and warning, then a summary line.
std::string as_text(Outcome const& outcome);

/// As JSON: one object with all outcomes and the exit code, described in the README.
std::string as_json(std::span<Outcome const> outcomes, ExitCode code);

}  // namespace distload
