// Reads settings from --set and the environment.
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <distload/base/error.hpp>
#include <distload/config/parse_config.hpp>

#include "base/text.hpp"
#include "config/apply_setting.hpp"
#include "config/did_you_mean.hpp"
#include "config/scalar.hpp"
#include "config/schema.hpp"

namespace distload {
namespace {

constexpr std::string_view kVariablePrefix = "DISTLOAD_";

/// Variables that are not settings. Modulefiles and package managers set those for the place of an installation.
constexpr std::array<std::string_view, 7> kOtherVariables{"DISTLOAD_EMULATED_DEVICE",
                                                          "DISTLOAD_FAULT",
                                                          "DISTLOAD_NCCL_LIBRARY",
                                                          "DISTLOAD_ROOT",
                                                          "DISTLOAD_HOME",
                                                          "DISTLOAD_DIR",
                                                          "DISTLOAD_VERSION"};

/// The variable of a key: DISTLOAD_LOAD_ENGINE for load.engine.
std::string variable_of(std::string_view key) {
  std::string name(kVariablePrefix);
  for (auto const character : key) {
    name += character == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  }
  return name;
}

[[noreturn]] void fail_unknown_variable(std::string_view name) {
  std::vector<std::string> variables;
  for (auto const& key : config_keys()) variables.push_back(variable_of(key.name));
  throw ConfigError("environment variable " + printable(name) + ": no key has this name" +
                    did_you_mean(name, variables));
}

/// The message for a name that is not a key.
std::string describe_unknown(std::string const& name) {
  if (name + "." == kHintsPrefix) return "`load.hints` is a map: set load.hints.NAME";
  if (is_config_section(name)) return "`" + name + "` is a section, not a key";
  return "unknown key `" + printable(name) + "`" + suggest_config_key(name);
}

}  // namespace

std::vector<Setting> environment_settings(char const* const* environment) {
  std::vector<Setting> settings;
  auto const keys = config_keys();
  for (; *environment != nullptr; ++environment) {
    std::string_view const entry = *environment;
    auto const name = entry.substr(0, entry.find('='));
    if (!name.starts_with(kVariablePrefix) || std::ranges::find(kOtherVariables, name) != kOtherVariables.end())
      continue;
    auto const key = std::find_if(keys.begin(), keys.end(),
                                  [&](ConfigKey const& candidate) { return variable_of(candidate.name) == name; });
    if (key == keys.end()) fail_unknown_variable(name);
    auto const value = entry.substr(std::min(name.size() + 1, entry.size()));
    settings.push_back({key->name, std::string(value), "environment variable " + std::string(name)});
  }
  return settings;
}

Setting parse_setting(std::string const& text) {
  auto const equals = text.find('=');
  auto const origin = "--set " + printable(text);
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError(origin + ": must be KEY=VALUE, such as load.engine=buffered");
  }
  return {text.substr(0, equals), text.substr(equals + 1), origin};
}

void apply_setting(Setting const& setting, Config& config) {
  bool const is_hint = setting.key.starts_with(kHintsPrefix);
  auto const* const known = find_config_key(setting.key);
  if (!is_hint && known == nullptr) throw ConfigError(setting.origin + ": " + describe_unknown(setting.key));
  try {
    if (is_hint) {
      set_hint(config, setting.key, setting.value);
    } else {
      known->set(config, setting.value);
    }
  } catch (ScalarError const& error) {
    throw ConfigError(setting.origin + ": `" + printable(setting.key) + "` " + error.what());
  }
}

}  // namespace distload
