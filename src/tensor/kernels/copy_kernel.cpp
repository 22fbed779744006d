// One kernel for a list of strided copies.
#include "tensor/kernels/copy_kernel.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

#include "tensor/kernels/list_kernels.hpp"
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

void enqueue_list(Space const& space, CopyList const& list, char const* label) {
  if (list.shares == 0) return;
#if defined(KOKKOS_ENABLE_CUDA)
  Kokkos::parallel_for(
      label, Kokkos::TeamPolicy<Space>(space, static_cast<int>(list.shares), Kokkos::AUTO),
      KOKKOS_LAMBDA(Team const& team) {
        auto const number = static_cast<std::uint64_t>(team.league_rank());
        auto const& listed = copy_of_share(list, number);
        BoundCopy const& copy = listed.cast.bound;
        auto const share = share_of(copy.copy.run_bytes, runs_of(copy.copy), number - listed.first_share);
        for (std::uint64_t run = share.first_run; run < share.first_run + share.runs; ++run) {
          auto const at = offsets_of(copy.copy, run);
          copy_by_team(team, copy.destination + at.destination + share.begin_in_run,
                       copy.source + at.source + share.begin_in_run, share.nbytes);
        }
      });
#else
  Kokkos::parallel_for(label, Kokkos::RangePolicy<Space>(space, 0, list.shares), [list](std::size_t number) {
    auto const& listed = copy_of_share(list, number);
    auto const& copy = listed.cast.bound;
    copy_share(copy, share_of(copy.copy.run_bytes, copy.copy.runs(), number - listed.first_share));
  });
#endif
}

void enqueue_step(Space const& space, StepCopies const& step, OverflowCount const& overflows, char const* label) {
  enqueue_list(space, step.copies, label);
  enqueue_cast_list(space, step.casts, overflows, "distload::cast");
  enqueue_transpose_list(space, step.transposes, overflows, "distload::transpose");
}

void run_step(Space const& space, StepBuilder const& step, OverflowCount const& overflows, char const* label) {
  std::vector<ListedCopy> entries;
  entries.reserve(step.size());
  step.append_to(entries);
  auto const memory = on_device(space, entries);
  enqueue_step(space, step.lists_at(memory.data()), overflows, label);
  space.fence("distload: the copies of a step are complete");
}

void enqueue_copies(Space const& space, std::span<BoundCopy const> copies, char const* label) {
  std::vector<BoundCast> entries;
  entries.reserve(copies.size());
  for (auto const& copy : copies) entries.push_back({copy, {}});
  CopyList list;
  auto const memory = listed(space, entries, &shares_of, list);
  enqueue_list(space, list, label);
  space.fence("distload: the list of copies ends here");
}

}  // namespace distload
