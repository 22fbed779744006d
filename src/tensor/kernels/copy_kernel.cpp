// One kernel for a list of strided copies.
#include "tensor/kernels/copy_kernel.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

#include "tensor/kernels/run_shares.hpp"

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
#if defined(KOKKOS_ENABLE_CUDA)
using Team = Kokkos::TeamPolicy<Space>::member_type;

/// Copies `nbytes` with all threads of a team, in the widest words that the alignment of both sides allows.
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

#else
void copy_share(BoundCopy const& bound, RunShare const& share) {
  for (std::uint64_t run = share.first_run; run < share.first_run + share.runs; ++run) {
    auto const at = offsets_of(bound.copy, run);
    std::memcpy(bound.destination + at.destination + share.begin_in_run, bound.source + at.source + share.begin_in_run,
                share.nbytes);
  }
}
#endif

}  // namespace

void enqueue_copies(Space const& space, std::span<BoundCopy const> copies, char const* label) {
  std::vector<RunShare> shares;
  for (std::uint32_t i = 0; i < copies.size(); ++i) deal_out(i, copies[i].copy, shares);
  if (shares.empty()) return;
#if defined(KOKKOS_ENABLE_CUDA)
  auto const bound = to_device(space, std::vector<BoundCopy>(copies.begin(), copies.end()), "distload::copies");
  auto const dealt = to_device(space, shares, "distload::shares");
  // The transfers from the host vectors must complete before the vectors are destroyed.
  space.fence("distload: copy lists are on the device");
  Kokkos::parallel_for(
      label, Kokkos::TeamPolicy<Space>(space, static_cast<int>(shares.size()), Kokkos::AUTO),
      KOKKOS_LAMBDA(Team const& team) {
        RunShare const share = dealt(team.league_rank());
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
  // The kernel must end before the list of shares is destroyed.
  space.fence("distload: the list of shares ends here");
#endif
}

}  // namespace distload
