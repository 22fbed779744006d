/// InputFile: a file open for reading, the only place that calls open, pread and fstat.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>

namespace distload {

/// Owns a file descriptor. Move-only. `read_at` may be called by several threads at a time.
class InputFile {
 public:
  /// @throws IoError  the system refuses to open `path`.
  explicit InputFile(std::string path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(InputFile const&) = delete;
  InputFile& operator=(InputFile const&) = delete;

  std::string const& path() const noexcept { return path_; }

  /// Bytes of the file now.
  Bytes size_bytes() const;

  /// Fills `destination` from `offset_bytes` on. @returns the bytes read, fewer than asked for only where the
  /// file ends.
  /// @throws IoError  naming the file, the byte range and the system's reason.
  Bytes read_at(Bytes offset_bytes, std::span<std::byte> destination) const;

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace distload
