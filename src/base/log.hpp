/// Messages for people, on stderr; only rank 0 prints unless a rank must name itself.
#pragma once

#include <memory>

#include <spdlog/spdlog.h>

namespace distload {

/// The program's logger. Until `print_on_this_rank` decides otherwise every process prints.
spdlog::logger& log();

/// Silences everything below `critical` on ranks that do not print for the job.
void print_on_this_rank(bool prints);

}  // namespace distload
