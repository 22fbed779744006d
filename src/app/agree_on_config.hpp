/// agree_on_config: one configuration for all ranks.
#pragma once

#include <distload/config/config.hpp>
#include <distload/parallel/communicator.hpp>

#include "app/command_line.hpp"

namespace distload {

/// Collective: file and environment are rank 0's; every rank parses the same text.
/// @throws ConfigError, UsageError  on all ranks.
Config agree_on_config(Communicator& world, CommandLine const& line);

}  // namespace distload
