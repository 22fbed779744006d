/// InputFile: a file open for reading, the only place that calls open, pread and fstat.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>

namespace distload {

/// How the bytes of a file get into memory.
enum class Caching : std::uint8_t {
  page_cache,
  none,  ///< O_DIRECT: offsets, sizes and memory addresses must be aligned
};

/// What O_DIRECT wants of a request: powers of two.
struct DirectAlignment {
  Bytes offset = 4 * kKiB;  ///< of offsets in the file, and of sizes
  Bytes memory = 4 * kKiB;  ///< of addresses
};

/// Owns a file descriptor. Move-only. `read_at` may be called by several threads at a time.
class InputFile {
 public:
  /// @throws IoError  the system refuses to open `path`.
  explicit InputFile(std::string path, Caching caching = Caching::page_cache);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(InputFile const&) = delete;
  InputFile& operator=(InputFile const&) = delete;

  std::string const& path() const noexcept { return path_; }

  /// Bytes of the file now.
  Bytes size_bytes() const;

  /// For requests that others make of the system.
  int descriptor() const noexcept { return descriptor_; }

  /// What the file system says, or what all are content with where it does not say.
  DirectAlignment direct_alignment() const noexcept;

  /// Sends the file's bytes out of the page cache, unless somebody maps or writes them.
  /// @throws IoError  the system refuses.
  void forget_cached() const;

  /// Fills `destination` from `offset_bytes` on. @returns the bytes read, fewer than asked for only where the
  /// file ends.
  /// @throws IoError  naming the file, the byte range and the system's reason.
  Bytes read_at(Bytes offset_bytes, std::span<std::byte> destination) const;

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace distload
