/// InputFile: a file open for reading; the only wrapper of open, pread and fstat for input.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>

#include "base/descriptor.hpp"
#include "io/files/caching.hpp"

namespace distload {

/// Owns a file descriptor. Move-only. Several threads may call `read_at` at the same time.
class InputFile {
 public:
  /// @throws IoError  the system refuses to open `path`.
  explicit InputFile(std::string path, Caching caching = Caching::page_cache);

  std::string const& path() const noexcept { return path_; }

  /// Current size of the file.
  Bytes size_bytes() const;

  /// For other system calls.
  int descriptor() const noexcept { return descriptor_.get(); }

  /// Drops the file's bytes from the page cache, unless they are mapped or being written.
  /// @throws IoError  the system refuses.
  void forget_cached() const;

  /// Fills `destination` from `offset_bytes` on. @returns the number of bytes read, smaller than requested only at the
  /// end of the file.
  /// @throws IoError  naming the file, the byte range and the system's reason.
  Bytes read_at(Bytes offset_bytes, std::span<std::byte> destination) const;

 private:
  std::string path_;
  Descriptor descriptor_;
};

}  // namespace distload
