/// The schema: every key of the configuration, how its text becomes a member of Config, and back.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <distload/config/config.hpp>

namespace distload {

struct ConfigKey {
  /// "load.engine"
  std::string name;
  /// Takes the value as it is written, a list as "[1, 2]"; throws ScalarError.
  std::function<void(Config&, std::string_view)> set;
  /// The value as it would be written, such that `set` takes the same from it; its default where there is no `save`
  /// section.
  std::function<std::string(Config const&)> print;
  /// Throws ScalarError if the value is none that `set` would take.
  std::function<void(Config const&)> check;
  /// The value may be a list.
  bool takes_list = false;
};

/// All keys with scalar values or lists of them, in the order of the struct. `load.hints.*` takes any name and is not
/// among them.
std::span<ConfigKey const> config_keys();

/// The prefix of keys with free names.
inline constexpr std::string_view kHintsPrefix = "load.hints.";

/// The key of that name, or nullptr.
ConfigKey const* find_config_key(std::string_view name);

/// Sets the hint of a key that begins with kHintsPrefix. @throws ScalarError  no name follows, or there is a NUL in it.
void set_hint(Config& config, std::string_view key, std::string_view value);

/// True for "load": keys begin with it.
bool is_config_section(std::string_view name);

/// "; did you mean `load.engine`?", or nothing if no key is near. A key in the wrong section is near.
std::string suggest_config_key(std::string_view name);

/// The same for the name of a section; a key without its section is near.
std::string suggest_config_section(std::string_view name);

}  // namespace distload
