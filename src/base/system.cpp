// sysconf and error texts.
#include "base/system.hpp"

#include <system_error>

#include <unistd.h>

namespace distload {

Bytes page_bytes() noexcept {
  static auto const bytes = static_cast<Bytes>(sysconf(_SC_PAGESIZE));
  return bytes;
}

std::string system_reason(int number) { return std::generic_category().message(number); }

}  // namespace distload
