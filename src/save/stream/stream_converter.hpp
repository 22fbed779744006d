/// StreamConverter: executes one rank's conversion, band by band.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

#include "base/host_memory.hpp"
#include "io/engines/stream_reader.hpp"
#include "save/extent_writer.hpp"
#include "save/stream/stream_band.hpp"
#include "save/stream/stream_plan.hpp"
#include "save/stream/stream_tensor.hpp"
#include "tensor/cast.hpp"

namespace distload {

/// While one band is copied and written, a thread reads the next one. Local: ranks do not wait for each other.
class StreamConverter {
 public:
  /// Starts reading. All arguments must outlive the object.
  ///
  /// @param stored         by extent of the source as loaded: its number in the reader's catalog; empty if equal
  /// @param staging_bytes  memory of both bands together; increased to what one element and a page need
  /// @throws OutOfBudget   not enough memory.
  StreamConverter(StreamTensors const& tensors, std::span<StreamPiece const> pieces, StreamReader& reader,
                  std::span<std::uint32_t const> stored, ExtentWriter& writer, Bytes staging_bytes);

  /// Converts until `goal_bytes` of the sum of the pieces' `cost_bytes` are done.
  /// @param on_bytes  called after every band with its bytes in the source
  /// @throws CorruptData, IoError  from reader and writer.
  void advance_to(Bytes goal_bytes, std::function<void(Bytes)> const& on_bytes);

  Bytes read_bytes() const noexcept { return read_bytes_; }
  std::uint64_t overflows() const noexcept { return overflows_; }

 private:
  struct Slot {
    HostMemory memory;
    Band band;
    Bytes destination_offset = 0;  ///< of the destination area, which follows the source area
    Cast cast;
    Bytes cost_bytes = 0;
    std::future<void> reading;  ///< the last member: its destructor waits for the thread while the others exist
  };

  void start_next(Slot& slot);
  void read(Slot const& slot);
  void convert(Slot const& slot);

  StreamTensors const* tensors_;
  std::span<StreamPiece const> pieces_;  ///< the unfinished pieces
  StreamReader* reader_;
  std::span<std::uint32_t const> stored_;
  ExtentWriter* writer_;
  Bytes slot_bytes_;
  StreamTensor tensor_;      ///< tensor of the first of `pieces_`
  std::uint64_t begin_ = 0;  ///< first element of its next band
  Bytes done_bytes_ = 0;
  Bytes read_bytes_ = 0;
  std::uint64_t overflows_ = 0;
  std::size_t present_ = 0;  ///< index of the slot with the next band
  std::array<Slot, 2> slots_;
};

}  // namespace distload
