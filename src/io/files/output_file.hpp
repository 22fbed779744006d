/// OutputFile: a file of known size that several threads and processes write; the only wrapper of pwrite, fallocate,
/// fsync and copy_file_range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <distload/base/bytes.hpp>

#include "base/descriptor.hpp"
#include "io/files/caching.hpp"

namespace distload {

class InputFile;

/// How the file system reused bytes of another file.
enum class CopyMethod : std::uint8_t {
  none,    ///< not at all
  shared,  ///< both files share storage blocks (reflink); nothing was copied
  copied,  ///< copied by the servers, without sending the bytes to this machine
};

/// Local: checks that this process may write files of that size (`ulimit -f`).
/// @throws IoError  it may not; names path, bytes needed and limit.
void check_file_size(std::string const& path, Bytes needed);

/// Owns a file descriptor. Move-only. Several threads may call `write_at` at the same time.
class OutputFile {
 public:
  /// Creates or truncates `path`, with space for `size_bytes`.
  /// @throws IoError  the system refuses, for example because the storage is full.
  static OutputFile create(std::string path, Bytes size_bytes);

  /// Creates `path`, which must not exist, not even as a link; allocates no space.
  /// @throws IoError  `path` exists, or the system refuses for another reason.
  static OutputFile create_new(std::string path);

  /// Opens an existing file.
  /// @throws IoError  the system refuses.
  static OutputFile open(std::string path, Caching caching = Caching::page_cache);

  std::string const& path() const noexcept { return path_; }

  /// For other system calls.
  int descriptor() const noexcept { return descriptor_.get(); }

  /// Allocates storage for `size_bytes`, so that full storage is detected before the work; if the file system cannot
  /// allocate, only sets the file's size.
  /// @throws IoError  the storage is full (names the bytes needed and available), the file size limit is lower, or the
  ///                  system refuses for another reason.
  void allocate(Bytes size_bytes) const;

  /// @throws IoError  names file, position and the system's reason.
  void write_at(Bytes offset_bytes, std::span<std::byte const> bytes) const;

  /// Asks the file system to reuse `nbytes` of another file without sending them to this machine. Some bytes may have
  /// been written even if it returns `none`.
  /// @param may_copy  allows a copy on the file system's servers in addition to shared blocks
  CopyMethod clone_or_copy(InputFile const& from, Bytes from_offset, Bytes offset_bytes, Bytes nbytes,
                           bool may_copy) const;

  /// Makes the system start writing a range from the page cache to storage, which shortens `sync`. Only a hint.
  void start_writeback(Bytes offset_bytes, Bytes nbytes) const noexcept;

  /// Returns when everything that this machine has written is on storage.
  /// @throws IoError  earlier writes failed.
  void sync() const;

  /// @throws IoError  earlier writes failed.
  void close();

 private:
  OutputFile(std::string path, int flags);

  std::string path_;
  Descriptor descriptor_;
};

}  // namespace distload
