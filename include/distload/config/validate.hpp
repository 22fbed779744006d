/// validate: what the YAML reader checks, for options that a program has filled in.
#pragma once

#include <distload/config/config.hpp>

namespace distload {

/// All throw ConfigError, naming the first key that is wrong as the configuration names it, and what it must be.
void validate(LoaderOptions const& options);
void validate(SaveOptions const& options);
/// Also what the sections cannot be combined with.
void validate(Config const& config);

}  // namespace distload
