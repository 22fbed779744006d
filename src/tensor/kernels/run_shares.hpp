/// RunShares: the runs of many strided copies, divided into shares of about equal bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <Kokkos_Core.hpp>

#include "tensor/strided_copy.hpp"

namespace distload {

/// Consecutive runs of one copy, or a part of a run that is longer than a share.
struct RunShare {
  std::uint32_t copy = 0;
  std::uint64_t first_run = 0;
  std::uint64_t runs = 0;
  Bytes begin_in_run = 0;  ///< offset in the source run
  Bytes nbytes = 0;        ///< bytes of each run in the source
};

/// Appends the shares of copy number `index`.
void deal_out(std::uint32_t index, StridedCopy const& copy, std::vector<RunShare>& shares);

/// Offsets of a run in both buffers, in bytes.
struct RunOffsets {
  Bytes source = 0;
  Bytes destination = 0;
};

KOKKOS_INLINE_FUNCTION RunOffsets offsets_of(StridedCopy const& copy, std::uint64_t run) {
  RunOffsets offsets{copy.source_offset, copy.destination_offset};
  for (std::size_t i = copy.loop_count; i-- > 0;) {
    // data() instead of operator[]: std::array::operator[] is not a device function.
    auto const& loop = copy.loops.data()[i];
    auto const index = run % loop.count;
    run /= loop.count;
    offsets.source += index * loop.source_stride;
    offsets.destination += index * loop.destination_stride;
  }
  return offsets;
}

/// Enqueues the transfer of `values` to the device; the values must live until the transfer completes.
template <class T>
auto to_device(Kokkos::DefaultExecutionSpace const& space, std::vector<T> const& values, char const* label) {
  Kokkos::View<T*, Kokkos::DefaultExecutionSpace::memory_space> device(
      Kokkos::view_alloc(space, Kokkos::WithoutInitializing, std::string(label)), values.size());
  Kokkos::View<T const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(values.data(),
                                                                                                values.size());
  Kokkos::deep_copy(space, device, host);
  return device;
}

}  // namespace distload
