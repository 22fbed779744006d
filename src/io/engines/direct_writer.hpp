/// DirectWriter: writes ranges of files with O_DIRECT and io_uring, with many large requests in flight.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>

#include "base/host_memory.hpp"
#include "io/files/output_file.hpp"

namespace distload {

class IoRing;

/// Copies the bytes to aligned buffers, so that parts may have any address and size; joins consecutive parts.
///
/// Edges, parts of a file system block whose other bytes may be written by other writers, are written through the page
/// cache. `sync` writes them, after all writers of the file have called `flush`: simultaneous writes through the page
/// cache and with O_DIRECT to neighbouring bytes can leave stale bytes in the page cache.
///
/// Without io_uring, writes are synchronous; without O_DIRECT, they use the page cache. Not collective. Used by one
/// thread at a time.
class DirectWriter {
 public:
  /// Maximum memory used.
  static constexpr Bytes kMemoryBytes = 16 * kMiB;

  /// The files exist and have their final size.
  explicit DirectWriter(std::vector<std::string> paths);

  /// Waits for writes in flight; their result is unknown.
  ~DirectWriter();
  DirectWriter(DirectWriter const&) = delete;
  DirectWriter& operator=(DirectWriter const&) = delete;

  /// Writes `bytes` to file number `file`; the caller may change them after the return.
  /// @throws IoError  this or an earlier part could not be written, or the file could not be opened.
  void write(std::uint32_t file, Bytes offset_bytes, std::span<std::byte const> bytes);

  /// Returns when all bytes given to `write`, except edges, have been written.
  /// @throws IoError  a write failed.
  void flush();

  /// Returns when all bytes given to `write` are on storage. Precondition: all writers of the same files have called
  /// `flush`.
  /// @throws IoError  a write or fsync failed.
  void sync();

  /// The file opened for the page cache, for copies by the file system. `sync` of this object includes its `sync`.
  OutputFile const& file(std::uint32_t number);

 private:
  struct OpenFile {
    OutputFile cached;                 ///< for edges, and for everything without `direct`
    std::optional<OutputFile> direct;  ///< nothing if the file system does not support O_DIRECT
    DirectAlignment alignment;
  };
  struct Buffer {
    std::byte* data = nullptr;
    std::uint32_t file = 0;
    Bytes offset = 0;  ///< of the buffer's first byte in the file; aligned
    Bytes begin = 0;   ///< of the bytes to write, in the buffer
    Bytes end = 0;
    Bytes written = 0;  ///< in the buffer: end of the part already written, while its whole blocks are being written
    Bytes limit = 0;    ///< in the buffer: end of its last whole block
  };

  /// A place in a file.
  struct Place {
    std::uint32_t file = 0;
    Bytes offset = 0;
    auto operator<=>(Place const&) const = default;
  };

  OpenFile& open(std::uint32_t number);
  /// Keeps bytes of one block; writes the block when all its bytes are there.
  void keep_edge(Place place, std::span<std::byte const> bytes);
  /// The number of a buffer that is not being filled or written; waits for one if necessary.
  std::size_t free_buffer();
  void submit_current();
  void submit(std::size_t number);
  void wait_for_one();

  std::vector<std::string> paths_;
  std::vector<std::optional<OpenFile>> files_;
  HostMemory memory_;
  std::vector<Buffer> buffers_;
  std::vector<std::size_t> free_;
  std::map<Place, std::vector<std::byte>> edges_;  ///< disjoint; neighbours in one block are joined
  std::optional<std::size_t> current_;             ///< the buffer that is being filled
  std::unique_ptr<IoRing> ring_;                   ///< null if the system does not support io_uring
};

}  // namespace distload
