/// Engine: reads byte ranges of a checkpoint's files to given addresses and verifies them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// A range of one extent. With checksums it begins at a block boundary and ends at one or at the end of the extent,
/// unless the engine is not collective and does not verify.
struct ReadRequest {
  std::uint32_t extent = 0;  ///< index into `Catalog::extents`
  Bytes begin_bytes = 0;     ///< in the extent
  Bytes nbytes = 0;
  /// Host memory, the range's address in the engine's `FileMapping`, or null: passed to `ReadOptions::on_bytes`.
  std::byte* destination = nullptr;
  std::size_t number = 0;  ///< chosen by the caller; passed to `on_bytes`
};

/// Bytes of a request without destination.
struct PassingBytes {
  std::size_t request = 0;  ///< `ReadRequest::number`
  Bytes begin = 0;          ///< in the request
  std::span<std::byte const> bytes;
};

/// Options of a read.
struct ReadOptions {
  bool verify = true;  ///< compare every block that has a checksum
  /// Called repeatedly with the number of bytes read since the last call, by one thread at a time.
  std::function<void(Bytes)> on_progress = [](Bytes) {};
  /// Called with every destination before it is written, by any thread; may populate its pages.
  std::function<void(std::span<std::byte const>)> before_write = [](std::span<std::byte const>) {};
  /// Called for requests without destination, step by step, with bytes of one or more requests, in the order of the
  /// file. The bytes are valid only during the call. Several threads may call it at the same time, but only one for
  /// each request.
  std::function<void(std::span<PassingBytes const>)> on_bytes;
  /// Called just before `on_progress`, in the same way, for those of its bytes that are not read: they stay in the
  /// mapped file, and nothing verifies them.
  std::function<void(Bytes)> on_skipped = [](Bytes) {};
};

class FileMapping;

/// Open on one checkpoint for the duration of a load. Not movable; used by one thread at a time.
class Engine {
 public:
  virtual ~Engine() = default;
  Engine(Engine const&) = delete;
  Engine& operator=(Engine const&) = delete;

  /// "collective", "buffered", ...
  virtual std::string_view name() const noexcept = 0;

  /// True if `read` is collective over the ranks that opened the engine: all call it equally often, a rank without
  /// requests with an empty span, on the thread that uses MPI.
  virtual bool is_collective() const noexcept = 0;

  /// The mapping of the files; null if the engine does not map them. Valid as long as the engine.
  virtual FileMapping const* mapping() const noexcept { return nullptr; }

  /// Reads all requests; returns when every byte is in place and verified. A collective engine throws only after this
  /// rank has taken part in all collective operations, possibly on one rank only: the ranks must agree afterwards, and
  /// must not use the bytes if a rank failed.
  /// @throws CorruptData  a block's XXH3-64 differs, or the file ends early: names tensor, file and byte range.
  /// @throws IoError      the system reports an error.
  virtual void read(std::span<ReadRequest const> requests, ReadOptions const& options) = 0;

  /// Collective if `is_collective`: closes the files after a successful load. After a failure it is not called: the
  /// destructor of a collective engine leaves the files open, because closing would wait for ranks that may not take
  /// part.
  /// @throws IoError  a library reports an error on closing.
  virtual void close() {}

 protected:
  Engine() = default;
};

}  // namespace distload
