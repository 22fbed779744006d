// Compares the arguments of all ranks, and parses them.
#include "python/arguments.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include <distload/base/error.hpp>

#include "app/agree_on_config.hpp"
#include "app/command_line.hpp"
#include "parallel/all_or_throw.hpp"
#include "parallel/meeting.hpp"

namespace distload::python {
namespace {

/// That the arguments name; the default where they do not, or what they name is refused later.
std::chrono::milliseconds timeout_of(std::vector<Argument> const& arguments) {
  Config config;
  config.checkpoint.path = "unused";
  for (auto const& [key, value, origin] : arguments) {
    if (key != "runtime.timeout") continue;
    try {
      std::vector<Setting> const only{{key, value, origin}};
      config = parse_config("{}", "", only, config);
    } catch (ConfigError const&) {
      continue;  // the configuration's own parser says what is wrong, on all ranks
    }
  }
  return config.runtime.timeout;
}

/// Collective.
/// @throws ConfigError  the ranks' arguments differ, or are refused.
void check_equal(Group& group, std::string const& call, std::string const& path,
                 std::vector<Argument> const& arguments) {
  Intention intention{.call = call, .values = {}};
  if (!path.empty()) intention.values.emplace_back("the configuration's path", path);
  for (auto const& [key, value, origin] : arguments) {
    intention.values.emplace_back(key == kRefused ? "what is refused" : key, value);
  }
  meet(group.world(), intention, timeout_of(arguments));
  for (auto const& [key, value, origin] : arguments) {
    if (key == kRefused) throw ConfigError(value);
  }
}

}  // namespace

std::vector<Setting> settings_of(std::vector<Argument> const& arguments) {
  std::vector<Setting> settings;
  settings.reserve(arguments.size());
  for (auto const& [key, value, origin] : arguments) settings.push_back({key, value, origin});
  return settings;
}

Config agreed_config(Group& group, std::string const& call, std::string const& path,
                     std::vector<Argument> const& arguments) {
  check_equal(group, call, path, arguments);
  CommandLine line;
  line.config = path;
  line.short_forms = settings_of(arguments);
  return agree_on_config(group.world(), line);
}

Config agreed_config(Group& group, std::string const& call, Config config, std::vector<Argument> const& arguments) {
  check_equal(group, call, "", arguments);
  return all_or_throw(group.world(), "config",
                      [&] { return parse_config("{}", "", settings_of(arguments), std::move(config)); });
}

RedistributeOptions redistribute_options_of(Config const& config, std::vector<Argument> const& arguments) {
  auto const names = [&](std::string_view key) {
    return std::ranges::any_of(arguments, [&](Argument const& argument) { return std::get<0>(argument) == key; });
  };
  RedistributeOptions options;
  options.pipeline_layers = config.topology.pipeline_layers;
  if (names("topology.uneven")) options.uneven = config.topology.uneven;
  if (names("load.dtype")) options.dtype = config.load.dtype;
  if (names("load.transpose")) options.transpose = config.load.transpose;
  if (names("model.fuse")) options.fuse = config.model.fuse;
  if (names("model.split")) options.split = config.model.split;
  options.staging = config.load.staging;
  options.memory_limit = config.load.memory_limit;
  options.verify = config.load.verify;
  options.peer_memory = config.load.peer_writes;
  options.huge_pages = config.load.huge_pages;
  return options;
}

}  // namespace distload::python
