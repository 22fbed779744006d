/// When a file was last changed.
#pragma once

#include <cstdint>
#include <string>

namespace distload {

/// In nanoseconds, as the file system counts them; 0 if it does not say.
std::int64_t time_of_change(std::string const& path) noexcept;

}  // namespace distload
