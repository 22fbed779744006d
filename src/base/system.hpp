/// What the operating system says of itself.
#pragma once

#include <cerrno>
#include <string>

#include <distload/base/bytes.hpp>

namespace distload {

/// The size of a page of memory.
Bytes page_bytes() noexcept;

/// The system's words for an error number, e.g. "No such file or directory"; without one, for the last failed call.
std::string system_reason(int number = errno);

}  // namespace distload
