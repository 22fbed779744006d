/// Arguments of Python as settings of the configuration.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <distload/config/config.hpp>
#include <distload/config/parse_config.hpp>
#include <distload/redistribute/redistributor.hpp>

#include "python/group.hpp"

namespace distload::python {

/// Key, value as YAML, and the argument's name for messages.
using Argument = std::tuple<std::string, std::string, std::string>;

/// The key of an argument that Python refuses, with the reason as its value: all ranks throw it once they have met.
inline constexpr std::string_view kRefused;

std::vector<Setting> settings_of(std::vector<Argument> const& arguments);

/// Collective: the configuration of a file, a checkpoint, or neither, the environment and the arguments, which must be
/// equal on all ranks.
/// @param call  for messages: "distload.load"
/// @throws ConfigError  the ranks' arguments differ: names, values and ranks; or one is refused; or as parse_config. On
///                      all ranks.
Config agreed_config(Group& group, std::string const& call, std::string const& path,
                     std::vector<Argument> const& arguments);

/// Collective: `config` with arguments, which must be equal on all ranks.
/// @throws ConfigError  likewise
Config agreed_config(Group& group, std::string const& call, Config config, std::vector<Argument> const& arguments);

/// The options of a redistribution: those of the sections `topology`, `model` and `load` that arguments name; others
/// are as in the source.
RedistributeOptions redistribute_options_of(Config const& config, std::vector<Argument> const& arguments);

}  // namespace distload::python
