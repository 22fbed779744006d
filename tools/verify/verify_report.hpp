/// What distload-verify prints.
#pragma once

#include <span>
#include <string>

#include "verify/outcome.hpp"

namespace distload {

/// For people: damage and warnings line by line, then a line that sums up.
std::string as_text(Outcome const& outcome);

/// For programs: all outcomes and the exit code as one JSON object, described in the README.
std::string as_json(std::span<Outcome const> outcomes, ExitCode code);

}  // namespace distload
