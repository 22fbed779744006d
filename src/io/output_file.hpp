/// OutputFile: a file of known size that several threads and processes fill; the only place that calls pwrite and
/// fallocate.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>

namespace distload {

/// Owns a file descriptor. Move-only. `write_at` may be called by several threads at a time.
class OutputFile {
 public:
  /// Creates `path`, or empties it, with space for `size_bytes`.
  /// @throws IoError  the system refuses, for example because the storage is full.
  static OutputFile create(std::string path, Bytes size_bytes);

  /// Opens what another process has created.
  /// @throws IoError  the system refuses.
  static OutputFile open(std::string path);

  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  OutputFile(OutputFile const&) = delete;
  OutputFile& operator=(OutputFile const&) = delete;

  /// @throws IoError  naming file, place and the system's reason.
  void write_at(Bytes offset_bytes, std::span<std::byte const> bytes) const;

  /// @throws IoError  bytes written before could not be kept.
  void close();

 private:
  OutputFile(std::string path, int flags);

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace distload
