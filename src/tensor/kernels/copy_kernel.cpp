// One kernel for a list of strided copies: the runs of all copies are dealt out in shares of about equal bytes.
#include "tensor/kernels/copy_kernel.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
constexpr bool kOnHost = Kokkos::SpaceAccessibility<Space, Kokkos::HostSpace>::accessible;

/// What one thread (host) or one team (device) copies at a time.
constexpr Bytes kShareBytes = kOnHost ? 256 * kKiB : 64 * kKiB;

/// Some consecutive runs of one copy; a run longer than a share is cut.
struct Share {
  std::uint32_t copy = 0;
  std::uint64_t first_run = 0;
  std::uint64_t runs = 0;
  Bytes begin_in_run = 0;
  Bytes nbytes = 0;  ///< of each run
};

std::vector<Share> deal_out(std::span<BoundCopy const> copies) {
  std::vector<Share> shares;
  for (std::uint32_t i = 0; i < copies.size(); ++i) {
    auto const runs = copies[i].copy.runs();
    auto const run_bytes = copies[i].copy.run_bytes;
    if (run_bytes == 0) continue;
    if (run_bytes <= kShareBytes) {
      auto const step = std::max<std::uint64_t>(1, kShareBytes / run_bytes);
      for (std::uint64_t run = 0; run < runs; run += step)
        shares.push_back({i, run, std::min(step, runs - run), 0, run_bytes});
    } else {
      for (std::uint64_t run = 0; run < runs; ++run) {
        for (Bytes at = 0; at < run_bytes; at += kShareBytes)
          shares.push_back({i, run, 1, at, std::min(kShareBytes, run_bytes - at)});
      }
    }
  }
  return shares;
}

/// Bytes from the start of both buffers to a run of a copy.
struct RunOffsets {
  Bytes source = 0;
  Bytes destination = 0;
};

KOKKOS_INLINE_FUNCTION RunOffsets offsets_of(StridedCopy const& copy, std::uint64_t run) {
  RunOffsets offsets{copy.source_offset, copy.destination_offset};
  for (std::size_t i = copy.loop_count; i-- > 0;) {
    // data() instead of operator[]: std::array's is no device function.
    auto const& loop = copy.loops.data()[i];
    auto const index = run % loop.count;
    run /= loop.count;
    offsets.source += index * loop.source_stride;
    offsets.destination += index * loop.destination_stride;
  }
  return offsets;
}

#if defined(KOKKOS_ENABLE_CUDA)
using Team = Kokkos::TeamPolicy<Space>::member_type;

/// Copies `nbytes` by all threads of a team, in words as wide as the alignment of both sides allows.
KOKKOS_INLINE_FUNCTION void copy_by_team(Team const& team, std::byte* destination, std::byte const* source,
                                         Bytes nbytes) {
  auto const misalignment =
      (reinterpret_cast<std::uintptr_t>(destination) | reinterpret_cast<std::uintptr_t>(source) | nbytes) %
      sizeof(uint4);
  if (misalignment == 0) {
    auto* const to = reinterpret_cast<uint4*>(destination);
    auto const* const from = reinterpret_cast<uint4 const*>(source);
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, nbytes / sizeof(uint4)),
                         [&](std::uint64_t i) { to[i] = from[i]; });
  } else if (misalignment % sizeof(std::uint32_t) == 0) {
    auto* const to = reinterpret_cast<std::uint32_t*>(destination);
    auto const* const from = reinterpret_cast<std::uint32_t const*>(source);
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, nbytes / sizeof(std::uint32_t)),
                         [&](std::uint64_t i) { to[i] = from[i]; });
  } else {
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, nbytes), [&](std::uint64_t i) { destination[i] = source[i]; });
  }
}

template <class T>
Kokkos::View<T*, Space::memory_space> to_device(Space const& space, std::vector<T> const& values, char const* label) {
  Kokkos::View<T*, Space::memory_space> device(
      Kokkos::view_alloc(space, Kokkos::WithoutInitializing, std::string(label)), values.size());
  Kokkos::View<T const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(values.data(),
                                                                                                values.size());
  Kokkos::deep_copy(space, device, host);
  return device;
}
#else
void copy_share(BoundCopy const& bound, Share const& share) {
  for (std::uint64_t run = share.first_run; run < share.first_run + share.runs; ++run) {
    auto const at = offsets_of(bound.copy, run);
    std::memcpy(bound.destination + at.destination + share.begin_in_run, bound.source + at.source + share.begin_in_run,
                share.nbytes);
  }
}
#endif

}  // namespace

void enqueue_copies(Space const& space, std::span<BoundCopy const> copies, char const* label) {
  auto const shares = deal_out(copies);
  if (shares.empty()) return;
#if defined(KOKKOS_ENABLE_CUDA)
  auto const bound = to_device(space, std::vector<BoundCopy>(copies.begin(), copies.end()), "distload::copies");
  auto const dealt = to_device(space, shares, "distload::shares");
  // The host vectors end with this function, so that the transfers out of them must have happened.
  space.fence("distload: copy lists are on the device");
  Kokkos::parallel_for(
      label, Kokkos::TeamPolicy<Space>(space, static_cast<int>(shares.size()), Kokkos::AUTO),
      KOKKOS_LAMBDA(Team const& team) {
        Share const share = dealt(team.league_rank());
        BoundCopy const& copy = bound(share.copy);
        for (std::uint64_t run = share.first_run; run < share.first_run + share.runs; ++run) {
          auto const at = offsets_of(copy.copy, run);
          copy_by_team(team, copy.destination + at.destination + share.begin_in_run,
                       copy.source + at.source + share.begin_in_run, share.nbytes);
        }
      });
#else
  Kokkos::parallel_for(label, Kokkos::RangePolicy<Space>(space, 0, shares.size()),
                       [&](std::size_t i) { copy_share(copies[shares[i].copy], shares[i]); });
  // Host backends run the kernel before parallel_for returns; only then may the list of shares go.
  space.fence("distload: the list of shares ends here");
#endif
}

}  // namespace distload
