/// Engine: reads byte ranges of a checkpoint's files to where they are wanted, verifying what has checksums.
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

/// A range of one extent. With checksums it begins at a block boundary and ends at one or at the extent's
/// end; anywhere, if an engine that is not collective is told not to verify.
struct ReadRequest {
  std::uint32_t extent = 0;  ///< index into `Catalog::extents`
  Bytes begin_bytes = 0;     ///< in the extent
  Bytes nbytes = 0;
  /// Host memory, or where the range lies in the engine's `FileMapping`, or nothing: shown to `ReadOptions::on_bytes`.
  std::byte* destination = nullptr;
  std::size_t number = 0;  ///< the caller's, for `on_bytes`
};

/// What an engine does apart from reading.
struct ReadOptions {
  bool verify = true;  ///< compare every block that has a checksum
  /// Called now and then with the bytes read since the last call, from the reading thread.
  std::function<void(Bytes)> on_progress = [](Bytes) {};
  /// Of a request without destination, step by step: its number, how many of its bytes have been shown before, and the
  /// next ones, which stay only during the call. Several threads may call it at a time, but one for one request.
  std::function<void(std::size_t, Bytes, std::span<std::byte const>)> on_bytes;
};

class FileMapping;

/// Open on one checkpoint for the length of a load. Move-free, used by one thread at a time.
class Engine {
 public:
  virtual ~Engine() = default;
  Engine(Engine const&) = delete;
  Engine& operator=(Engine const&) = delete;

  /// "collective", "buffered", ...
  virtual std::string_view name() const noexcept = 0;

  /// True if `read` is collective over the ranks that opened the engine: all call it equally often, with empty spans
  /// where nothing is wanted, and on the thread that uses MPI.
  virtual bool is_collective() const noexcept = 0;

  /// The files in memory, if the engine maps them; nullptr otherwise. Valid as long as the engine.
  virtual FileMapping const* mapping() const noexcept { return nullptr; }

  /// Reads all requests; returns when every byte is in place and verified.
  /// A collective engine throws only after this rank's part in all collective operations, and perhaps on one rank
  /// alone: the caller has the ranks agree afterwards, and uses nothing of what was read if any of them failed.
  /// @throws CorruptData  a block's XXH3-64 differs, or the file ends early: names tensor, file and byte range.
  /// @throws IoError      the system refused.
  virtual void read(std::span<ReadRequest const> requests, ReadOptions const& options) = 0;

  /// Collective if `is_collective`: closes the files; the end of a load without failure. Without it (after a failure)
  /// the destructor of a collective engine leaves its files open, because closing them would wait for ranks that may
  /// never come.
  /// @throws IoError  a library refuses to close.
  virtual void close() {}

 protected:
  Engine() = default;
};

}  // namespace distload
