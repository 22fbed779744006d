/// agree_on_config: makes the same configuration on all ranks.
#pragma once

#include <string>

#include <distload/config/config.hpp>
#include <distload/parallel/communicator.hpp>

#include "app/command_line.hpp"

namespace distload {

/// Collective: takes file and environment from rank 0; every rank parses the same text. If `line.config` is a
/// checkpoint instead of a configuration, it is `checkpoint.path`, and all other keys have their defaults. Those of
/// `cost` are the costs of the machine that the user has measured (user_machine_path), if there is one.
/// @throws ConfigError, UsageError  on all ranks.
Config agree_on_config(Communicator& world, CommandLine const& line);

/// Local, for one rank: the configuration of file, environment and command line.
/// @param costs  values of keys of `cost` that are not set
/// @throws ConfigError
Config configuration_of(CommandLine const& line, CostModel const& costs);

/// Local, for rank 0: where the costs of a configuration that agree_on_config has made come from, for people.
std::string source_of_costs(CostModel const& used);

}  // namespace distload
