/// OutputFile: a file of known size that several threads and processes fill; the only place that calls pwrite,
/// fallocate, fsync and copy_file_range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>

#include "io/files/caching.hpp"

namespace distload {

class InputFile;

/// How the file system brought bytes of another file into this one.
enum class CopyMethod : std::uint8_t {
  none,    ///< it did not
  shared,  ///< both files have the same blocks of storage (reflink): nothing was copied
  copied,  ///< where the files are stored, without the bytes coming here
};

/// Local: whether this process may write files of that size (`ulimit -f`).
/// @throws IoError  it may not, with path, bytes needed and limit.
void check_file_size(std::string const& path, Bytes needed);

/// Owns a file descriptor. Move-only. `write_at` may be called by several threads at a time.
class OutputFile {
 public:
  /// Creates `path`, or empties it, with space for `size_bytes`.
  /// @throws IoError  the system refuses, for example because the storage is full.
  static OutputFile create(std::string path, Bytes size_bytes);

  /// Creates `path`, which nothing may have as its name, a link included; without any space.
  /// @throws IoError  something has that name, or the system refuses otherwise.
  static OutputFile create_new(std::string path);

  /// Opens what has been created.
  /// @throws IoError  the system refuses.
  static OutputFile open(std::string path, Caching caching = Caching::page_cache);

  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  OutputFile(OutputFile const&) = delete;
  OutputFile& operator=(OutputFile const&) = delete;

  std::string const& path() const noexcept { return path_; }

  /// For requests that others make of the system.
  int descriptor() const noexcept { return descriptor_; }

  /// Takes the storage for `size_bytes` at once, so that a full storage is noticed before the work; where the file
  /// system cannot, the file has that size and nothing more.
  /// @throws IoError  the storage is full, with the bytes needed and available; the file size limit is lower; or the
  ///                  system refuses otherwise.
  void allocate(Bytes size_bytes) const;

  /// @throws IoError  naming file, place and the system's reason.
  void write_at(Bytes offset_bytes, std::span<std::byte const> bytes) const;

  /// Has the file system share `nbytes` of another file or copy them, if it can do that without bringing them here.
  /// Part of them may have been written where it says that it cannot.
  /// @param may_copy  sharing blocks is not all that is wanted: the file system may also copy, on its servers.
  CopyMethod clone_or_copy(InputFile const& from, Bytes from_offset, Bytes offset_bytes, Bytes nbytes,
                           bool may_copy) const;

  /// Has the system begin to bring a range to storage that has been written through the page cache, so that `sync` will
  /// not wait for all of it. Only a hint.
  void start_writeback(Bytes offset_bytes, Bytes nbytes) const noexcept;

  /// Returns when what has been written, as far as this machine has, is on storage.
  /// @throws IoError  bytes written before could not be kept.
  void sync() const;

  /// @throws IoError  bytes written before could not be kept.
  void close();

 private:
  OutputFile(std::string path, int flags);

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace distload
