/// Caching: whether I/O on a file uses the page cache, and the alignment that O_DIRECT requires.
#pragma once

#include <cstdint>

#include <distload/base/bytes.hpp>

namespace distload {

/// How bytes are transferred between a file and memory.
enum class Caching : std::uint8_t {
  page_cache,
  none,  ///< O_DIRECT: offsets, sizes and memory addresses must be aligned
};

/// The alignment that O_DIRECT requires; powers of two.
struct DirectAlignment {
  Bytes offset = 4 * kKiB;  ///< of file offsets and of sizes
  Bytes memory = 4 * kKiB;  ///< of memory addresses
};

/// The alignment that the file system reports for an open file; a value that all accept if it does not report one.
DirectAlignment direct_alignment_of(int descriptor) noexcept;

}  // namespace distload
