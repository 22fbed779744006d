/// is_all: whether memory holds one letter only.
#pragma once

#include <algorithm>
#include <cstddef>

#include <distload/base/bytes.hpp>

namespace distload::testing {

inline bool is_all(std::byte const* begin, Bytes nbytes, char letter) {
  return std::all_of(begin, begin + nbytes, [&](std::byte byte) { return byte == static_cast<std::byte>(letter); });
}

}  // namespace distload::testing
