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
  std::string name;  ///< "load.engine"
  std::function<void(Config&, std::string_view)> set;  ///< throws ScalarError
  std::function<std::string(Config const&)> print;     ///< the value as it would be written; as its default where `save` is not there
};

/// All keys with scalar values, in the order of the struct. `load.hints.*` takes any name and is not among them.
std::span<ConfigKey const> config_keys();

/// The prefix of keys with free names.
inline constexpr std::string_view kHintsPrefix = "load.hints.";

/// The key of that name, or nullptr.
ConfigKey const* find_config_key(std::string_view name);

/// "; did you mean `load.engine`?", or nothing if no key is near.
std::string suggest_config_key(std::string_view name);

}  // namespace distload
