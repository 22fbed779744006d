// One kernel for a list of strided copies with conversion of element types.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tensor/kernels/convert.hpp"
#include "tensor/kernels/list_kernels.hpp"
#include "tensor/kernels/run_shares.hpp"

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;

#if defined(KOKKOS_ENABLE_CUDA)
using Team = Kokkos::TeamPolicy<Space>::member_type;

/// Converts consecutive numbers with all threads of a team.
struct TeamConverter {
  Team const& team;

  /// @returns how many numbers overflowed on the calling thread.
  template <class From, class To>
  KOKKOS_INLINE_FUNCTION std::uint64_t run(std::byte const* source, std::byte* destination, std::uint64_t count) const {
    auto const* const from = reinterpret_cast<From const*>(source);
    auto* const to = reinterpret_cast<To*>(destination);
    std::uint64_t overflows = 0;
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count), [&](std::uint64_t i) {
      to[i] = convert::convert<To>(from[i]);
      overflows += convert::overflowed(from[i], to[i]);
    });
    return overflows;
  }
};
#endif

/// Converts consecutive numbers on one host thread.
struct ThreadConverter {
  /// @returns how many numbers overflowed.
  template <class From, class To>
  KOKKOS_INLINE_FUNCTION std::uint64_t run(std::byte const* __restrict source, std::byte* __restrict destination,
                                           std::uint64_t count) const {
    std::uint64_t overflows = 0;
    for (std::uint64_t begin = 0; begin < count; begin += kBlock) {
      std::uint32_t in_block = 0;  // of the numbers' width, so that the loop vectorises
      auto const end = std::min(begin + kBlock, count);
      for (auto i = begin; i < end; ++i) {
        From from;
        std::memcpy(&from, source + i * sizeof from, sizeof from);
        auto const to = convert::convert<To>(from);
        std::memcpy(destination + i * sizeof to, &to, sizeof to);
        in_block += convert::overflowed(from, to);
      }
      overflows += in_block;
    }
    return overflows;
  }

  static constexpr std::uint64_t kBlock = 4096;
};

/// Converts one share. @returns the number of overflows that the converter counts.
template <class From, class To, class Converter>
KOKKOS_INLINE_FUNCTION std::uint64_t convert_share(BoundCopy const& bound, RunShare const& share,
                                                   Converter const& converter) {
  std::uint64_t overflows = 0;
  for (std::uint64_t run = share.first_run; run < share.first_run + share.runs; ++run) {
    auto const at = offsets_of(bound.copy, run);
    auto const* const source = bound.source + at.source + share.begin_in_run;
    auto* const destination = bound.destination + at.destination + share.begin_in_run / sizeof(From) * sizeof(To);
    overflows += converter.template run<From, To>(source, destination, share.nbytes / sizeof(From));
  }
  return overflows;
}

template <class From, class Converter>
KOKKOS_INLINE_FUNCTION std::uint64_t convert_share_from(BoundCast const& cast, RunShare const& share,
                                                        Converter const& converter) {
  switch (cast.cast.to) {
    case DType::f32: return convert_share<From, convert::F32>(cast.bound, share, converter);
    case DType::f16: return convert_share<From, convert::F16>(cast.bound, share, converter);
    case DType::bf16: return convert_share<From, convert::BF16>(cast.bound, share, converter);
    default: return 0;  // not accepted by `can_cast`
  }
}

template <class Converter>
KOKKOS_INLINE_FUNCTION std::uint64_t convert_share(BoundCast const& cast, RunShare const& share,
                                                   Converter const& converter) {
  switch (cast.cast.from) {
    case DType::f64: return convert_share_from<convert::F64>(cast, share, converter);
    case DType::f32: return convert_share_from<convert::F32>(cast, share, converter);
    case DType::f16: return convert_share_from<convert::F16>(cast, share, converter);
    case DType::bf16: return convert_share_from<convert::BF16>(cast, share, converter);
    default: return 0;  // not accepted by `can_cast`
  }
}

}  // namespace

std::uint64_t cast_on_host(BoundCast const& cast) noexcept {
  auto const& copy = cast.bound.copy;
  return convert_share(cast, RunShare{0, copy.runs(), 0, copy.run_bytes}, ThreadConverter{});
}

void enqueue_cast_list(Space const& space, CopyList const& list, OverflowCount const& overflows, char const* label) {
  if (list.shares == 0) return;
#if defined(KOKKOS_ENABLE_CUDA)
  Kokkos::parallel_for(
      label, Kokkos::TeamPolicy<Space>(space, static_cast<int>(list.shares), Kokkos::AUTO),
      KOKKOS_LAMBDA(Team const& team) {
        auto const number = static_cast<std::uint64_t>(team.league_rank());
        auto const& listed = copy_of_share(list, number);
        auto const& copy = listed.cast.bound.copy;
        auto const share = share_of(copy.run_bytes, runs_of(copy), number - listed.first_share);
        auto const found = convert_share(listed.cast, share, TeamConverter{team});
        if (found > 0) Kokkos::atomic_add(&overflows(), found);
      });
#else
  std::uint64_t found = 0;
  Kokkos::parallel_reduce(
      label, Kokkos::RangePolicy<Space>(space, 0, list.shares),
      [list](std::size_t number, std::uint64_t& sum) {
        auto const& listed = copy_of_share(list, number);
        auto const& copy = listed.cast.bound.copy;
        auto const share = share_of(copy.run_bytes, copy.runs(), number - listed.first_share);
        sum += convert_share(listed.cast, share, ThreadConverter{});
      },
      found);
  overflows() += found;
#endif
}

void enqueue_casts(Space const& space, std::span<BoundCast const> casts, OverflowCount const& overflows,
                   char const* label) {
  CopyList list;
  auto const memory = listed(space, {casts.begin(), casts.end()}, &shares_of, list);
  enqueue_cast_list(space, list, overflows, label);
  space.fence("distload: the list of casts ends here");
}

}  // namespace distload
