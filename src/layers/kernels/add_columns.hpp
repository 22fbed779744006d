/// add_columns: few tokens times a transposed matrix, whose columns lie contiguously in memory. Reads a part of each
/// column once and adds its products to accumulators that stay in the cache.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layers/kernels/kernels.hpp"
#include "layers/kernels/widen.hpp"

namespace distload::matmul {

/// sums[o] += factor x numbers[o].
template <class Simd>
inline void add_multiple(float factor, float const* numbers, std::size_t count, float* sums) {
  auto const factors = Simd::broadcast(factor);
  for (std::size_t o = 0; o < count; o += Simd::kWidth) {
    Simd::store(sums + o, Simd::fma(Simd::load(numbers + o), factors, Simd::load(sums + o)));
  }
}

/// sums[t][o] of accumulators [lane][t][o].
template <class Simd>
inline void halve_columns(float* lanes, std::size_t size, float* sums) {
  for (std::size_t half = kSumLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      auto* const to = lanes + lane * size;
      auto const* const from = to + half * size;
      for (std::size_t i = 0; i < size; i += Simd::kWidth) {
        Simd::store(to + i, Simd::add(Simd::load(to + i), Simd::load(from + i)));
      }
    }
  }
  std::memcpy(sums, lanes, size * sizeof(float));
}

template <class Simd>
void add_columns(Matrix const& matrix, std::uint64_t row, std::size_t count, Tokens const& x, Columns columns,
                 float* lanes, float* sums) {
  constexpr std::size_t kAhead = 8;  // columns
  auto const size = x.count * count;
  std::memset(lanes, 0, kSumLanes * size * sizeof(float));
  with_format(matrix.dtype, [&]<class Format>(Format) {
    for (std::size_t k = 0; k < columns.steps() * kSumLanes; ++k) {
      auto* const lane = lanes + k % kSumLanes * size;
      auto const exists = k < columns.length;
      auto const column = columns.begin + (exists ? k : 0);
      auto const* const weights = matrix.data + (row + column * matrix.column_stride) * Format::kBytes;
      for (std::size_t o = 0; o < count; o += kSumLanes) {
        alignas(64) float wide[kSumLanes] = {};
        if (exists) {
          __builtin_prefetch(weights + (kAhead * matrix.column_stride + o) * Format::kBytes);
          widen_full<Format, Simd>(weights + o * Format::kBytes, wide);
        }
        for (std::size_t t = 0; t < x.count; ++t) {
          auto const number = exists ? x.data[t * x.stride + column] : 0.0F;
          add_multiple<Simd>(number, wide, kSumLanes, lane + t * count + o);
        }
      }
    }
  });
  halve_columns<Simd>(lanes, size, sums);
}

}  // namespace distload::matmul
