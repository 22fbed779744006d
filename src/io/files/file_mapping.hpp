/// FileMapping: maps a checkpoint's files into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <distload/base/bytes.hpp>

#include "io/files/input_files.hpp"

namespace distload {

/// Maps all files of a catalog read-only at `mapped_offsets`. Not movable.
///
/// Access to a page that storage cannot deliver, or that lies behind the end of a truncated file, ends the process:
/// call `prefault` first.
class FileMapping {
 public:
  /// The files outlive the mapping.
  /// @throws IoError  a file cannot be opened or mapped.
  explicit FileMapping(InputFiles& files);
  ~FileMapping();
  FileMapping(FileMapping const&) = delete;
  FileMapping& operator=(FileMapping const&) = delete;

  /// Address of the first file; read-only.
  std::byte* data() const noexcept { return data_; }

  /// Offset of a file from `data`.
  Bytes offset_of(std::uint32_t number) const noexcept { return offsets_[number]; }

  /// By file number in the catalog.
  InputFile const& file(std::uint32_t number) const noexcept { return (*files_)[number]; }

  /// Reads and maps pages with one system call, instead of many page faults. False on kernels older than 5.14, which
  /// cannot.
  /// @throws IoError  storage failed, or the file was truncated.
  bool prefault(Bytes offset, Bytes nbytes) const;

  /// True if the first and the last page of a range are in the page cache.
  bool is_resident(Bytes offset, Bytes nbytes) const noexcept;

  /// Makes the system start reading pages into memory; does not wait.
  void will_need(Bytes offset, Bytes nbytes) const noexcept;

  /// Unmaps pages from this process until the next access. The page cache keeps them.
  void release(Bytes offset, Bytes nbytes) const noexcept;

 private:
  void unreserve() noexcept;

  std::vector<Bytes> offsets_;
  InputFiles const* files_;
  std::byte* reserved_ = nullptr;  ///< address space for all files
  std::byte* data_ = nullptr;      ///< the first multiple of a huge page in it
};

}  // namespace distload
