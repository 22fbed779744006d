/// FileMapping: a checkpoint's files as memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <distload/base/bytes.hpp>

#include "io/files/input_files.hpp"

namespace distload {

/// All files of a catalog, opened and mapped one after the other at `mapped_offsets`, to be read only. Move-free.
///
/// To touch a page that storage cannot deliver, or that lies behind the end of a file which has become shorter, ends
/// the process: `prefault` first.
class FileMapping {
 public:
  /// The files outlive the mapping.
  /// @throws IoError  a file cannot be opened or mapped.
  explicit FileMapping(InputFiles& files);
  ~FileMapping();
  FileMapping(FileMapping const&) = delete;
  FileMapping& operator=(FileMapping const&) = delete;

  /// Of the first file. Nothing can be written there.
  std::byte* data() const noexcept { return data_; }

  /// Where a file begins, counted from `data`.
  Bytes offset_of(std::uint32_t number) const noexcept { return offsets_[number]; }

  /// By the catalog's number.
  InputFile const& file(std::uint32_t number) const noexcept { return (*files_)[number]; }

  /// Brings pages into memory and maps them, in one call of the system instead of a fault for each few. Where a kernel
  /// older than 5.14 cannot, nothing is done.
  /// @throws IoError  storage failed, or the file has become shorter.
  void prefault(Bytes offset, Bytes nbytes) const;

  /// Has the system begin to bring pages into memory, and does not wait.
  void will_need(Bytes offset, Bytes nbytes) const noexcept;

  /// Pages are no longer part of this process's memory, until they are touched again. The page cache keeps them.
  void release(Bytes offset, Bytes nbytes) const noexcept;

 private:
  std::vector<Bytes> offsets_;
  InputFiles const* files_;
  std::byte* data_ = nullptr;
};

}  // namespace distload
