/// Messages for people, on stderr; only rank 0 speaks unless a rank must name itself.
#pragma once

#include <memory>

#include <spdlog/spdlog.h>

namespace distload {

/// The program's logger. Until `print_on_this_rank` decides otherwise every process speaks.
spdlog::logger& log();

/// Silences everything below `critical` on ranks that do not speak for the job.
void print_on_this_rank(bool speaks);

}  // namespace distload
