/// Caching: whether the bytes of a file go through the page cache, and what is demanded of requests that do not.
#pragma once

#include <cstdint>

#include <distload/base/bytes.hpp>

namespace distload {

/// How the bytes of a file get into memory, or out of it.
enum class Caching : std::uint8_t {
  page_cache,
  none,  ///< O_DIRECT: offsets, sizes and memory addresses must be aligned
};

/// What O_DIRECT wants of a request: powers of two.
struct DirectAlignment {
  Bytes offset = 4 * kKiB;  ///< of offsets in the file, and of sizes
  Bytes memory = 4 * kKiB;  ///< of addresses
};

/// What the file system says of an open file, or what all are content with where it does not say.
DirectAlignment direct_alignment_of(int descriptor) noexcept;

}  // namespace distload
