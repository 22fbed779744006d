/// raw_limits: measures the machine without distload: processes that each read a part of a checkpoint's files, and
/// copies of memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "base/host_memory.hpp"
#include "io/files/input_file.hpp"

namespace distload {

/// Concurrent requests of each rank in raw direct reads and writes, as in the engines; with fewer than four ranks, of
/// all ranks together. fio was fastest with this depth where it was tried.
inline constexpr std::uint32_t kRawDepth = 4;

/// One rank's part of some files, divided as evenly as whole requests allow. Opens the files in the constructor, since
/// a load has them open before it reads. All members are local.
class RawReader {
 public:
  /// @throws IoError  a file cannot be opened.
  RawReader(Catalog const& catalog, std::uint32_t rank, std::uint32_t ranks);

  Bytes share_bytes() const noexcept { return share_bytes_; }

  /// Reads the part to `memory`, of share_bytes(), by pread.
  /// @throws IoError, CorruptData  as an engine.
  void read(HostMemory const& memory) const;

  /// Reads the part bypassing the page cache, with `depth` concurrent requests, as fio does with io_uring: into buffers
  /// that are used again and again, of direct_buffer_bytes(depth).
  /// @throws IoError  the system refuses.
  void read_directly(HostMemory const& buffers, std::uint32_t depth) const;

  /// The same, but reads to `memory`, of share_bytes(), where all bytes remain.
  /// @throws IoError  the system refuses.
  void read_directly_in_place(HostMemory const& memory, std::uint32_t depth) const;

  /// True if the file system supports O_DIRECT.
  bool can_read_directly() const noexcept { return !direct_files_.empty(); }

 private:
  /// The range of one request.
  struct Part {
    std::uint32_t file = 0;
    Bytes offset = 0;
    Bytes nbytes = 0;
    Bytes place = 0;  ///< offset in memory
  };

  /// Reads the parts by `depth` concurrent requests, each to the address that `destination_of(part, request)` gives,
  /// where `request` is below `depth` and used by one part at a time.
  template <class Destination>
  void read_directly_to(Destination const& destination_of, std::uint32_t depth) const;

  std::vector<InputFile> files_;
  std::vector<InputFile> direct_files_;
  std::vector<Part> parts_;
  Bytes share_bytes_ = 0;
};

/// Writes `bytes` to `file_offset` of an existing file in large requests, and waits until they are on storage.
/// @throws IoError  the system refuses.
void write_raw(std::string const& path, Bytes file_offset, std::byte const* bytes, Bytes nbytes);

/// Writes `bytes` to `file_offset` of an existing file with allocated space, bypassing the page cache, with `depth`
/// concurrent requests, as fio does with io_uring, and waits until they are on storage. `bytes` must be aligned to huge
/// pages and `file_offset` to 4 KiB. Rounds `nbytes` up to 4 KiB.
/// @throws IoError  the system refuses.
void write_raw_directly(std::string const& path, Bytes file_offset, std::byte const* bytes, Bytes nbytes,
                        std::uint32_t depth);

/// Drops a checkpoint's files from the page cache.
void forget_files(Catalog const& catalog);

/// Memory in huge pages that has been touched.
/// @throws OutOfBudget  the system refuses.
HostMemory touched_memory(Bytes nbytes);

/// Memory for `depth` concurrent requests.
Bytes direct_buffer_bytes(std::uint32_t depth) noexcept;

/// Allocates, touches and frees `nbytes` of memory. Some virtual machines return idle memory to the host, which makes
/// the first use of memory slow; after this call it is fast for all contenders.
void settle_memory(Bytes nbytes);

}  // namespace distload
