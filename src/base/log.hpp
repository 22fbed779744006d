/// Log messages on stderr. Only rank 0 prints, unless a message must come from another rank.
#pragma once

#include <memory>

#include <spdlog/spdlog.h>

namespace distload {

/// The program's logger. Every process prints until `print_on_this_rank` is called.
spdlog::logger& log();

/// `prints` false: suppresses messages below level `critical` on this rank.
void print_on_this_rank(bool prints);

}  // namespace distload
