/// What network file systems remember of files, and how to make them ask their server again.
#pragma once

#include <chrono>
#include <string>

namespace distload {

/// How often and in what distance a host looks again at a file that is not there or differs, before that is an error.
inline constexpr int kLooksAtStaleFiles = 5;
inline constexpr std::chrono::milliseconds kBetweenLooksAtStaleFiles{200};

/// Local: has the system forget that there is no file `path`, by listing its folder, and what it has cached of the
/// file. No failure of this is an error.
void forget_stale(std::string const& path);

}  // namespace distload
