/// validate: the checks of parse_config for options that a program has filled in.
#pragma once

#include <distload/config/config.hpp>

namespace distload {

/// Pure.
/// @throws ConfigError  a value is out of range, a required path is missing, or options exclude each other: names the
///                      first such key, as the YAML spells it, and what it must be.
void validate(LoaderOptions const& options);
/// Pure. @throws ConfigError  likewise.
void validate(SaveOptions const& options);
/// Pure. @throws ConfigError  likewise.
void validate(RuntimeOptions const& options);
/// Pure. @throws ConfigError  likewise; also if sections exclude each other.
void validate(Config const& config);

}  // namespace distload
