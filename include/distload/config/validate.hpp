/// validate: the checks of parse_config for options that a program has filled in.
#pragma once

#include <distload/config/config.hpp>

namespace distload {

/// @throws ConfigError  a value is out of range: names the first such key, as the YAML spells it, and its range.
void validate(LoaderOptions const& options);
/// @throws ConfigError  likewise.
void validate(SaveOptions const& options);
/// @throws ConfigError  likewise; also if sections exclude each other.
void validate(Config const& config);

}  // namespace distload
