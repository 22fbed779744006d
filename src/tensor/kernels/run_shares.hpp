/// RunShares: the runs of strided copies, divided into shares of about equal bytes, by number.
#pragma once

#include <cstdint>

#include <Kokkos_Core.hpp>

#include "tensor/strided_copy.hpp"

namespace distload {

/// Consecutive runs of one copy, or a part of a run that is longer than a share.
struct RunShare {
  std::uint64_t first_run = 0;
  std::uint64_t runs = 0;
  Bytes begin_in_run = 0;  ///< offset in the source run
  Bytes nbytes = 0;        ///< bytes of each run in the source
};

/// Size of the share of one thread (host) or one team (device); a multiple of every element size.
inline constexpr Bytes kShareBytes =
    Kokkos::SpaceAccessibility<Kokkos::DefaultExecutionSpace, Kokkos::HostSpace>::accessible ? 256 * kKiB : 64 * kKiB;

/// Runs of a share if they are short, otherwise 1.
KOKKOS_INLINE_FUNCTION std::uint64_t runs_per_share(Bytes run_bytes) noexcept {
  auto const share_bytes = kShareBytes;  // a host constant has no address on the device
  return run_bytes < share_bytes ? share_bytes / run_bytes : 1;
}

/// Shares of a run if it is long, otherwise 1.
KOKKOS_INLINE_FUNCTION std::uint64_t shares_per_run(Bytes run_bytes) noexcept {
  auto const share_bytes = kShareBytes;
  return (run_bytes + share_bytes - 1) / share_bytes;
}

/// How many shares a copy has; 0 if it copies nothing.
std::uint64_t shares_of(StridedCopy const& copy) noexcept;

/// Share number `index` of a copy that has `runs` runs.
KOKKOS_INLINE_FUNCTION RunShare share_of(Bytes run_bytes, std::uint64_t runs, std::uint64_t index) noexcept {
  auto const share_bytes = kShareBytes;
  if (run_bytes <= share_bytes) {
    auto const step = runs_per_share(run_bytes);
    auto const first = index * step;
    auto const rest = runs - first;
    return {first, rest < step ? rest : step, 0, run_bytes};
  }
  auto const per_run = shares_per_run(run_bytes);
  auto const begin = index % per_run * share_bytes;
  auto const rest = run_bytes - begin;
  return {index / per_run, 1, begin, rest < share_bytes ? rest : share_bytes};
}

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

/// `StridedCopy::runs` for kernels.
KOKKOS_INLINE_FUNCTION std::uint64_t runs_of(StridedCopy const& copy) {
  std::uint64_t runs = 1;
  for (std::size_t i = 0; i < copy.loop_count; ++i) runs *= copy.loops.data()[i].count;
  return runs;
}

}  // namespace distload
