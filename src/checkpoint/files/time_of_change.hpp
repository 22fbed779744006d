/// The time of a file's last modification.
#pragma once

#include <cstdint>
#include <string>

namespace distload {

/// In nanoseconds of the file system's clock; 0 if it cannot be read.
std::int64_t time_of_change(std::string const& path) noexcept;

}  // namespace distload
