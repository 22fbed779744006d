/// lane_sum: a sum of numbers in an order that does not depend on anything but their count.
#pragma once

#include <cstdint>

#include <Kokkos_Core.hpp>

namespace distload {

/// number(0) + ... + number(count - 1): 16 accumulators take the numbers in turns; then the upper half of the
/// accumulators is added to the lower half until one is left.
template <class Number>
KOKKOS_INLINE_FUNCTION float lane_sum(std::uint64_t count, Number const& number) {
  constexpr std::uint64_t kAccumulators = 16;
  float sums[kAccumulators] = {};
  std::uint64_t i = 0;
  for (; i + kAccumulators <= count; i += kAccumulators) {
    for (std::uint64_t lane = 0; lane < kAccumulators; ++lane) sums[lane] += number(i + lane);
  }
  for (std::uint64_t lane = 0; i + lane < count; ++lane) sums[lane] += number(i + lane);
  for (auto half = kAccumulators / 2; half > 0; half /= 2) {
    for (std::uint64_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

}  // namespace distload
