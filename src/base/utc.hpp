/// The time format of checkpoints and messages.
#pragma once

#include <ctime>
#include <string>

namespace distload {

/// ISO 8601, UTC: "2026-01-02T03:04:05Z"
std::string utc_text(std::time_t time);

}  // namespace distload
