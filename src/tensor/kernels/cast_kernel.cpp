// One kernel for a list of strided copies with conversion of element types.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tensor/kernels/convert.hpp"
#include "tensor/kernels/copy_kernel.hpp"
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
  return convert_share(cast, RunShare{0, 0, copy.runs(), 0, copy.run_bytes}, ThreadConverter{});
}

void enqueue_casts(Space const& space, std::span<BoundCast const> casts, OverflowCount const& overflows,
                   char const* label) {
  std::vector<RunShare> shares;
  for (std::uint32_t i = 0; i < casts.size(); ++i) deal_out(i, casts[i].bound.copy, shares);
  if (shares.empty()) return;
#if defined(KOKKOS_ENABLE_CUDA)
  auto const bound = to_device(space, std::vector<BoundCast>(casts.begin(), casts.end()), "distload::casts");
  auto const dealt = to_device(space, shares, "distload::shares");
  // The transfers from the host vectors must complete before the vectors are destroyed.
  space.fence("distload: cast lists are on the device");
  Kokkos::parallel_for(
      label, Kokkos::TeamPolicy<Space>(space, static_cast<int>(shares.size()), Kokkos::AUTO),
      KOKKOS_LAMBDA(Team const& team) {
        RunShare const share = dealt(team.league_rank());
        auto const found = convert_share(bound(share.copy), share, TeamConverter{team});
        if (found > 0) Kokkos::atomic_add(&overflows(), found);
      });
#else
  std::uint64_t found = 0;
  Kokkos::parallel_reduce(
      label, Kokkos::RangePolicy<Space>(space, 0, shares.size()),
      [&](std::size_t i, std::uint64_t& sum) {
        sum += convert_share(casts[shares[i].copy], shares[i], ThreadConverter{});
      },
      found);
  overflows() += found;
#endif
}

}  // namespace distload
