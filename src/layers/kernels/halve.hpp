/// halve_by_transposing: the sums of 16 segments' accumulators at once.
#pragma once

#include <cstddef>

#include "layers/kernels/kernels.hpp"

namespace distload::matmul {

/// sums[i] = the sum of block[i]: adds the upper half of its numbers to the lower half until one is left.
template <class Simd>
inline void halve_by_transposing(float (&block)[kSumLanes][kSumLanes], float* sums) {
  Simd::transpose(block);
  for (std::size_t half = kSumLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      for (std::size_t i = 0; i < kSumLanes; i += Simd::kWidth) {
        Simd::store(block[lane] + i, Simd::add(Simd::load(block[lane] + i), Simd::load(block[lane + half] + i)));
      }
    }
  }
  for (std::size_t i = 0; i < kSumLanes; ++i) sums[i] = block[0][i];
}

}  // namespace distload::matmul
