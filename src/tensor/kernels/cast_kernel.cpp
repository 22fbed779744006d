// One kernel for a list of strided copies whose elements change their type.
#include <cstdint>
#include <cstring>
#include <vector>

#include "tensor/kernels/convert.hpp"
#include "tensor/kernels/copy_kernel.hpp"
#include "tensor/kernels/run_shares.hpp"

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;

/// Converts one number; 1 if it was finite and is infinite now.
template <class From, class To>
KOKKOS_INLINE_FUNCTION std::uint64_t convert_one(std::byte const* source, std::byte* destination) {
  From from;
  std::memcpy(&from, source, sizeof from);
  auto const to = convert::convert<To>(from);
  std::memcpy(destination, &to, sizeof to);
  return convert::is_infinite(to) && convert::is_finite(from) ? 1 : 0;
}

/// Converts one share of `casts` on a host thread or by a device's team. @returns the numbers that overflowed (on a
/// device: those of the calling thread).
template <class From, class To>
struct ConvertShare {
  template <class ForRange>
  KOKKOS_INLINE_FUNCTION static std::uint64_t run(BoundCopy const& bound, RunShare const& share,
                                                  ForRange const& for_range) {
    std::uint64_t overflows = 0;
    for (std::uint64_t run = share.first_run; run < share.first_run + share.runs; ++run) {
      auto const at = offsets_of(bound.copy, run);
      auto const* const source = bound.source + at.source + share.begin_in_run;
      auto* const destination = bound.destination + at.destination + share.begin_in_run / sizeof(From) * sizeof(To);
      for_range(share.nbytes / sizeof(From), [&](std::uint64_t i) {
        overflows += convert_one<From, To>(source + i * sizeof(From), destination + i * sizeof(To));
      });
    }
    return overflows;
  }
};

template <class From, class ForRange>
KOKKOS_INLINE_FUNCTION std::uint64_t convert_from(DType to, BoundCopy const& bound, RunShare const& share,
                                                  ForRange const& for_range) {
  switch (to) {
    case DType::f32: return ConvertShare<From, convert::F32>::run(bound, share, for_range);
    case DType::f16: return ConvertShare<From, convert::F16>::run(bound, share, for_range);
    case DType::bf16: return ConvertShare<From, convert::BF16>::run(bound, share, for_range);
    default: return 0;  // not one of those that `can_cast`
  }
}

template <class ForRange>
KOKKOS_INLINE_FUNCTION std::uint64_t convert_share(BoundCast const& cast, RunShare const& share,
                                                   ForRange const& for_range) {
  auto const& [from, to] = cast.cast;
  switch (from) {
    case DType::f64: return convert_from<convert::F64>(to, cast.bound, share, for_range);
    case DType::f32: return convert_from<convert::F32>(to, cast.bound, share, for_range);
    case DType::f16: return convert_from<convert::F16>(to, cast.bound, share, for_range);
    case DType::bf16: return convert_from<convert::BF16>(to, cast.bound, share, for_range);
    default: return 0;  // not one of those that `can_cast`
  }
}

#if defined(KOKKOS_ENABLE_CUDA)
using Team = Kokkos::TeamPolicy<Space>::member_type;

/// A loop over a range by all threads of a team.
struct TeamLoop {
  Team const& team;

  template <class Body>
  KOKKOS_INLINE_FUNCTION void operator()(std::uint64_t count, Body const& body) const {
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count), body);
  }
};
#else
/// A loop over a range on this thread.
struct PlainLoop {
  template <class Body>
  void operator()(std::uint64_t count, Body const& body) const {
    for (std::uint64_t i = 0; i < count; ++i) body(i);
  }
};
#endif

}  // namespace

void enqueue_casts(Space const& space, std::span<BoundCast const> casts, OverflowCount const& overflows,
                   char const* label) {
  std::vector<RunShare> shares;
  for (std::uint32_t i = 0; i < casts.size(); ++i) deal_out(i, casts[i].bound.copy, shares);
  if (shares.empty()) return;
#if defined(KOKKOS_ENABLE_CUDA)
  auto const bound = to_device(space, std::vector<BoundCast>(casts.begin(), casts.end()), "distload::casts");
  auto const dealt = to_device(space, shares, "distload::shares");
  // The host vectors end with this function, so that the transfers out of them must have happened.
  space.fence("distload: cast lists are on the device");
  Kokkos::parallel_for(
      label, Kokkos::TeamPolicy<Space>(space, static_cast<int>(shares.size()), Kokkos::AUTO),
      KOKKOS_LAMBDA(Team const& team) {
        RunShare const share = dealt(team.league_rank());
        auto const found = convert_share(bound(share.copy), share, TeamLoop{team});
        if (found > 0) Kokkos::atomic_add(&overflows(), found);
      });
#else
  std::uint64_t found = 0;
  Kokkos::parallel_reduce(
      label, Kokkos::RangePolicy<Space>(space, 0, shares.size()),
      [&](std::size_t i, std::uint64_t& sum) { sum += convert_share(casts[shares[i].copy], shares[i], PlainLoop{}); },
      found);
  overflows() += found;
#endif
}

}  // namespace distload
