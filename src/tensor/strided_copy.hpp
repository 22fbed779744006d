/// StridedCopy: a box moved between two row-major layouts, reduced to runs of consecutive bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <distload/base/bytes.hpp>
#include <distload/tensor/box.hpp>

namespace distload {

/// Where a box lies in a row-major tensor that starts `base_bytes` into a buffer.
struct Placed {
  Shape shape;              ///< of the tensor that holds the box, in elements
  Dims position;            ///< of the box's first element in that tensor
  Bytes base_bytes = 0;     ///< of that tensor's first element in its buffer
  bool transposed = false;  ///< the last two axes of `shape` lie in memory the other way round
};

/// A copy of `run_bytes` consecutive bytes, repeated over up to seven loops with their own strides on each side. If
/// elements change their size on the way, a run has as many elements on the destination's side, but other bytes.
struct StridedCopy {
  struct Loop {
    std::uint64_t count = 1;
    Bytes source_stride = 0;
    Bytes destination_stride = 0;
  };

  Bytes source_offset = 0;       ///< bytes from the start of the source buffer to the first run
  Bytes destination_offset = 0;  ///< likewise in the destination buffer
  Bytes run_bytes = 0;           ///< of the source
  std::uint8_t loop_count = 0;
  std::array<Loop, kMaxAxes> loops{};  ///< outermost first; the first `loop_count` are used

  std::uint64_t runs() const noexcept;
  Bytes nbytes() const noexcept { return runs() * run_bytes; }
};

/// Describes the copy of a box of `extent` elements of `element_bytes` each. Axes that are consecutive on both sides
/// become one run.
StridedCopy make_strided_copy(Placed const& source, Placed const& destination, Dims const& extent, Bytes element_bytes);

/// The same for elements that have another size at the destination.
StridedCopy make_strided_copy(Placed const& source, Bytes source_element_bytes, Placed const& destination,
                              Bytes destination_element_bytes, Dims const& extent);

/// Calls `visit(source, destination)` with the offsets of each run, the innermost loop being the fastest.
template <class Visit>
void for_each_run(StridedCopy const& copy, Visit&& visit) {
  if (copy.run_bytes == 0) return;
  auto source = copy.source_offset;
  auto destination = copy.destination_offset;
  std::array<std::uint64_t, kMaxAxes> index{};
  for (auto runs = copy.runs(); runs > 0; --runs) {
    visit(source, destination);
    for (std::size_t i = copy.loop_count; i-- > 0;) {
      auto const& loop = copy.loops[i];
      source += loop.source_stride;
      destination += loop.destination_stride;
      if (++index[i] < loop.count) break;
      index[i] = 0;
      source -= loop.source_stride * loop.count;
      destination -= loop.destination_stride * loop.count;
    }
  }
}

/// True if the copy is of matrices, of elements of at most 8 bytes, that lie transposed at the destination: its last
/// loop goes through consecutive elements of the source, and the one before it through those of the destination.
bool is_transpose(StridedCopy const& copy, Bytes destination_element_bytes) noexcept;

/// Performs the copy, of elements that keep their size, in host memory, on the calling thread. The buffers do not
/// overlap.
void copy_on_host(StridedCopy const& copy, std::byte const* source, std::byte* destination) noexcept;

}  // namespace distload
