/// raw_limits: what the machine can do without distload: the bytes of a checkpoint's files read by as many processes,
/// each its share, and memory copied.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "base/huge_pages.hpp"
#include "io/files/input_file.hpp"

namespace distload {

/// One rank's share of some files, as even as whole requests allow. Opens the files beforehand, as a load has them open
/// while it reads. All members are local.
class RawReader {
 public:
  /// @throws IoError  a file cannot be opened.
  RawReader(Catalog const& catalog, std::uint32_t rank, std::uint32_t ranks);

  Bytes share_bytes() const noexcept { return share_bytes_; }

  /// Reads the share to `memory` by pread.
  /// @throws IoError, CorruptData  as an engine.
  void read(HugePages const& memory) const;

  /// Reads the share to `memory` past the page cache, with `depth` requests under way, as fio does with io_uring.
  /// @throws IoError  the system refuses.
  void read_directly(HugePages const& memory, std::uint32_t depth) const;

  /// Whether the file system can be read past the page cache.
  bool can_read_directly() const noexcept { return !direct_files_.empty(); }

 private:
  /// What one request reads.
  struct Part {
    std::uint32_t file = 0;
    Bytes offset = 0;
    Bytes nbytes = 0;
    Bytes place = 0;  ///< in memory
  };

  std::vector<InputFile> files_;
  std::vector<InputFile> direct_files_;
  std::vector<Part> parts_;
  Bytes share_bytes_ = 0;
};

/// Writes `bytes` to `file_offset` of a file that is there, with large requests, and waits until storage has them.
/// @throws IoError  the system refuses.
void write_raw(std::string const& path, Bytes file_offset, std::byte const* bytes, Bytes nbytes);

/// Writes `bytes`, from memory that is aligned to huge pages, to `file_offset`, a multiple of 4 KiB, of a file that is
/// there with its space, past the page cache, with `depth` requests under way, as fio does with io_uring; and waits
/// until storage has them. Rounds `nbytes` up to 4 KiB.
/// @throws IoError  the system refuses.
void write_raw_directly(std::string const& path, Bytes file_offset, std::byte const* bytes, Bytes nbytes,
                        std::uint32_t depth);

/// So many bytes of memory are taken, touched and given back. A virtual machine whose host takes idle memory away gives
/// whoever comes first slow memory; after this nobody is first.
void settle_memory(Bytes nbytes);

}  // namespace distload
