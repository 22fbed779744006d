/// InputFile: a file open for reading, the only place that calls open, pread and fstat.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>

#include "io/files/caching.hpp"

namespace distload {

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

  /// Sends the file's bytes out of the page cache, unless they are mapped or being written.
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
