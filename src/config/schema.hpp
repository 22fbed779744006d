/// The schema: for every key of the configuration, conversion between text and a member of Config.
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
  /// Parses the value, a list as "[1, 2]", and sets the member; throws ScalarError.
  std::function<void(Config&, std::string_view)> set;
  /// The value in a form that `set` parses to the same value; the default if there is no `save` section.
  std::function<std::string(Config const&)> print;
  /// Throws ScalarError if `set` would not accept the value.
  std::function<void(Config const&)> check;
  /// The words that the value can be; empty if it is no choice among words.
  std::vector<std::string> choices = {};
  /// True if the value may be a list.
  bool takes_list = false;
};

/// All keys whose values are scalars or lists of scalars, in the order of the struct. `load.hints.*` has free names and
/// is not included.
std::span<ConfigKey const> config_keys();

/// The prefix of keys with free names.
inline constexpr std::string_view kHintsPrefix = "load.hints.";

/// The key with that name, or nullptr.
ConfigKey const* find_config_key(std::string_view name);

/// Sets the hint for a key that begins with kHintsPrefix. @throws ScalarError  the rest is empty or contains a NUL.
void set_hint(Config& config, std::string_view key, std::string_view value);

/// True if keys begin with `name`, such as "load".
bool is_config_section(std::string_view name);

/// "; did you mean `load.engine`?"; empty if no key is similar. Also finds keys of other sections.
std::string suggest_config_key(std::string_view name);

/// The same for the name of a section; also finds keys without their section.
std::string suggest_config_section(std::string_view name);

}  // namespace distload
