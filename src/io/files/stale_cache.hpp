/// Handles stale data in the caches of network file systems.
#pragma once

#include <chrono>
#include <string>

namespace distload {

/// Number of retries, and their interval, for a file that is missing or differs, before it is an error.
inline constexpr int kLooksAtStaleFiles = 5;
inline constexpr std::chrono::milliseconds kBetweenLooksAtStaleFiles{200};

/// Local: makes the system ask the server whether `path` exists, by listing its folder, and drops the file's cached
/// pages. Ignores errors.
void forget_stale(std::string const& path);

}  // namespace distload
