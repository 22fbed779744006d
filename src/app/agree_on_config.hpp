/// agree_on_config: makes the same configuration on all ranks.
#pragma once

#include <distload/config/config.hpp>
#include <distload/parallel/communicator.hpp>

#include "app/command_line.hpp"

namespace distload {

/// Collective: takes file and environment from rank 0; every rank parses the same text. If `line.config` is a
/// checkpoint instead of a configuration, it is `checkpoint.path`, and all other keys have their defaults.
/// @throws ConfigError, UsageError  on all ranks.
Config agree_on_config(Communicator& world, CommandLine const& line);

/// Local, for one rank: the configuration of file, environment and command line.
/// @param defaults  values of keys that are not set
/// @throws ConfigError
Config configuration_of(CommandLine const& line, Config defaults);

}  // namespace distload
