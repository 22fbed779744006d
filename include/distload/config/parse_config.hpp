/// parse_config: a Config from YAML text, command line and environment.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <distload/config/config.hpp>

namespace distload {

/// A value of one key from the command line or the environment.
struct Setting {
  std::string key;     ///< "load.engine"
  std::string value;   ///< as YAML
  std::string origin;  ///< for messages: "--set load.engine=x", "environment variable DISTLOAD_LOAD_ENGINE"
};

/// Local, for one rank: the text of a configuration file of at most 1 MiB.
/// @throws ConfigError  it cannot be read, or is larger.
std::string read_config_text(std::string const& path);

/// Local, for one rank: the settings in the environment: DISTLOAD_LOAD_ENGINE is load.engine. DISTLOAD_FAULT is
/// skipped: failure tests use it.
/// @throws ConfigError  a variable that begins with DISTLOAD_ is no key.
std::vector<Setting> environment_settings(char const* const* environment);

/// The setting that "load.engine=direct" describes.
/// @throws ConfigError  there is no '='.
Setting parse_setting(std::string const& text);

/// The configuration in `text` with `overrides` applied in order; the last one of a key wins. Pure.
/// @param file_name  for messages only
/// @param defaults   values of keys that are not set
/// @throws ConfigError  with file:line:column, the line and a caret, or the origin of an override: not YAML, an unknown
///                      or duplicate key, a value of the wrong kind. Or a required key is missing.
Config parse_config(std::string const& text, std::string const& file_name, std::span<Setting const> overrides,
                    Config defaults = {});

}  // namespace distload
