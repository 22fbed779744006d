/// StreamConverter: carries out what one rank has to convert, band by band.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

#include "base/huge_pages.hpp"
#include "io/engines/stream_reader.hpp"
#include "save/extent_writer.hpp"
#include "save/stream/stream_band.hpp"
#include "save/stream/stream_plan.hpp"
#include "save/stream/stream_tensor.hpp"
#include "tensor/cast.hpp"

namespace distload {

/// While one band is copied and written, a thread reads the next one. Local: no rank waits for another.
class StreamConverter {
 public:
  /// Begins to read. What is handed in outlives it.
  ///
  /// @param stored         for each extent of the source as it is loaded, its number in the reader's catalog; empty:
  /// the
  ///                       same
  /// @param staging_bytes  memory for both bands together, raised to what one element and a page need
  /// @throws OutOfBudget   the memory is not there.
  StreamConverter(StreamTensors const& tensors, std::span<StreamPiece const> pieces, StreamReader& reader,
                  std::span<std::uint32_t const> stored, ExtentWriter& writer, Bytes staging_bytes);

  /// Converts until `goal_bytes` of the pieces' `cost_bytes` are done, all together.
  /// @param on_bytes  called after every band with the bytes that it has had in the source
  /// @throws CorruptData, IoError  from reader and writer.
  void advance_to(Bytes goal_bytes, std::function<void(Bytes)> const& on_bytes);

  Bytes read_bytes() const noexcept { return read_bytes_; }
  std::uint64_t overflows() const noexcept { return overflows_; }

 private:
  struct Slot {
    HugePages memory;
    Band band;
    Bytes destination_offset = 0;  ///< of the destination area; the source area comes first
    Cast cast;
    Bytes cost_bytes = 0;
    std::future<void> reading;  ///< the last one, so that it is waited for while the rest is still there
  };

  void start_next(Slot& slot);
  void read(Slot const& slot);
  void convert(Slot const& slot);

  StreamTensors const* tensors_;
  std::span<StreamPiece const> pieces_;  ///< those that are not finished
  StreamReader* reader_;
  std::span<std::uint32_t const> stored_;
  ExtentWriter* writer_;
  Bytes slot_bytes_;
  StreamTensor tensor_;      ///< of the first of `pieces_`
  std::uint64_t begin_ = 0;  ///< of its next band
  Bytes done_bytes_ = 0;
  Bytes read_bytes_ = 0;
  std::uint64_t overflows_ = 0;
  std::size_t present_ = 0;  ///< the slot whose band comes next
  std::array<Slot, 2> slots_;
};

}  // namespace distload
