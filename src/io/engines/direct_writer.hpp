/// DirectWriter: writes ranges of files past the page cache, many large requests at a time, by io_uring.
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

#include "base/huge_pages.hpp"
#include "io/files/output_file.hpp"

namespace distload {

class IoRing;

/// Collects what it is given in aligned buffers, so that bytes may come from anywhere and in parts of any size; what
/// continues the part before it is joined to it. Edges, which have a block of the file system in common with bytes that
/// others write, have to go through the page cache. They are kept until `sync`: by then all who write the file have
/// called `flush`, since writes through the page cache and past it, at the same time and close to each other, leave the
/// page cache with what is not in the file. Where the system offers no io_uring, or the file system no O_DIRECT, it
/// does without. Not collective. Used by one thread at a time.
class DirectWriter {
 public:
  /// Memory that it takes, at most.
  static constexpr Bytes kMemoryBytes = 16 * kMiB;

  /// For files that exist and have their size.
  explicit DirectWriter(std::vector<std::string> paths);

  /// Waits for what is under way; which of it was written is unknown.
  ~DirectWriter();
  DirectWriter(DirectWriter const&) = delete;
  DirectWriter& operator=(DirectWriter const&) = delete;

  /// Writes `bytes` of file number `file`; they may change when this returns.
  /// @throws IoError  this or an earlier part could not be written, or the file could not be opened.
  void write(std::uint32_t file, Bytes offset_bytes, std::span<std::byte const> bytes);

  /// Returns when all bytes given to `write`, but for the edges, have been written.
  /// @throws IoError  they could not.
  void flush();

  /// Returns when all bytes given to `write` are on storage. Precondition: all who write the same files have flushed.
  /// @throws IoError  they could not be brought there.
  void sync();

  /// The file, opened for writing through the page cache: for what is not written but copied. Its `sync` is part of
  /// this object's.
  OutputFile const& file(std::uint32_t number);

 private:
  struct OpenFile {
    OutputFile cached;                 ///< for edges, and where there is no other
    std::optional<OutputFile> direct;  ///< nothing where the file system refuses
    DirectAlignment alignment;
  };
  struct Buffer {
    std::byte* data = nullptr;
    std::uint32_t file = 0;
    Bytes offset = 0;  ///< in the file, of the buffer's first byte; aligned
    Bytes begin = 0;   ///< in the buffer, of the bytes to be written
    Bytes end = 0;
    Bytes written = 0;  ///< of the buffer, while its whole blocks are being written: what before has been
    Bytes limit = 0;    ///< of the buffer: where its last whole block ends
  };

  /// A place in a file.
  struct Place {
    std::uint32_t file = 0;
    Bytes offset = 0;
    auto operator<=>(Place const&) const = default;
  };

  OpenFile& open(std::uint32_t number);
  /// Keeps bytes that lie within one block; or writes the block, if it is complete with them.
  void keep_edge(Place place, std::span<std::byte const> bytes);
  /// A buffer that nothing is written from.
  std::size_t free_buffer();
  void submit_current();
  void submit(std::size_t number);
  void wait_for_one();

  std::vector<std::string> paths_;
  std::vector<std::optional<OpenFile>> files_;
  HugePages memory_;
  std::vector<Buffer> buffers_;
  std::vector<std::size_t> free_;
  std::map<Place, std::vector<std::byte>> edges_;  ///< disjoint, and none next to another in the same block
  std::optional<std::size_t> current_;             ///< the buffer that is being filled
  std::unique_ptr<IoRing> ring_;                   ///< nothing where the system refuses
};

}  // namespace distload
