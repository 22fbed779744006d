/// dot_rows: few tokens times rows that lie contiguously in memory. Weights go from memory through registers once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layers/kernels/kernels.hpp"
#include "layers/kernels/widen.hpp"

namespace distload::matmul {

inline constexpr std::size_t kScaledColumns = 256;  ///< columns that are scaled at once
inline constexpr std::size_t kPrefetchBytes = 1024;

/// The accumulators of up to kSumLanes segments' sums.
using LaneBlock = float[kSumLanes][kSumLanes];

/// Adds kSumLanes x steps products of `Rows` rows and `Count` tokens to lanes[t * kGroupRows + r].
/// `rows` and `tokens` point to the first numbers.
template <class Format, class Simd, std::size_t Rows, std::size_t Count>
inline void add_products(std::byte const* const* rows, float const* const* tokens, std::size_t steps,
                         float (*lanes)[kSumLanes]) {
  constexpr std::size_t kVectors = kSumLanes / Simd::kWidth;
  typename Simd::Vector sums[Count][Rows][kVectors];
  for (std::size_t t = 0; t < Count; ++t) {
    for (std::size_t r = 0; r < Rows; ++r) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[t][r][v] = Simd::load(lanes[t * kGroupRows + r] + v * Simd::kWidth);
      }
    }
  }
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t r = 0; r < Rows; ++r) {
      auto const* const row = rows[r] + step * kSumLanes * Format::kBytes;
      __builtin_prefetch(row + kPrefetchBytes);
      for (std::size_t v = 0; v < kVectors; ++v) {
        auto const weights = Simd::template widen<Format::kDType>(row + v * Simd::kWidth * Format::kBytes);
        for (std::size_t t = 0; t < Count; ++t) {
          auto const numbers = Simd::load(tokens[t] + step * kSumLanes + v * Simd::kWidth);
          sums[t][r][v] = Simd::fma(weights, numbers, sums[t][r][v]);
        }
      }
    }
  }
  for (std::size_t t = 0; t < Count; ++t) {
    for (std::size_t r = 0; r < Rows; ++r) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        Simd::store(lanes[t * kGroupRows + r] + v * Simd::kWidth, sums[t][r][v]);
      }
    }
  }
}

/// The same for kGroupRows rows and any number of columns, of which missing ones are zero.
template <class Format, class Simd, std::size_t Count>
inline void add_segment(std::byte const* const* rows, float const* const* tokens, std::size_t length,
                        float (*lanes)[kSumLanes]) {
  auto const steps = length / kSumLanes;
  for (std::size_t r = 0; r < kGroupRows; r += Simd::kDotRows) {
    add_products<Format, Simd, Simd::kDotRows, Count>(rows + r, tokens, steps, lanes + r);
  }
  auto const done = steps * kSumLanes;
  if (done == length) return;
  float wide[kGroupRows][kSumLanes];
  float numbers[Count][kSumLanes];
  std::byte const* wide_rows[kGroupRows];
  float const* last_tokens[Count];
  for (std::size_t r = 0; r < kGroupRows; ++r) {
    widen<Format, Simd>(rows[r] + done * Format::kBytes, length - done, wide[r]);
    wide_rows[r] = reinterpret_cast<std::byte const*>(wide[r]);
  }
  for (std::size_t t = 0; t < Count; ++t) {
    for (std::size_t k = 0; k < kSumLanes; ++k) numbers[t][k] = done + k < length ? tokens[t][done + k] : 0.0F;
    last_tokens[t] = numbers[t];
  }
  for (std::size_t r = 0; r < kGroupRows; r += Simd::kDotRows) {
    add_products<distload::matmul::Format<DType::f32>, Simd, Simd::kDotRows, Count>(wide_rows + r, last_tokens, 1,
                                                                                    lanes + r);
  }
}

/// The same with factors: some columns at a time become float32 first.
template <class Format, class Simd, std::size_t Count>
inline void add_scaled_segment(Matrix const& matrix, std::uint64_t const* outputs, float const* const* tokens,
                               Columns columns, float (*lanes)[kSumLanes]) {
  alignas(64) float wide[kGroupRows][kScaledColumns];
  std::byte const* rows[kGroupRows];
  float const* next[Count];
  for (std::size_t done = 0; done < columns.length; done += kScaledColumns) {
    auto const left = columns.length - done;
    auto const count = left < kScaledColumns ? left : kScaledColumns;
    for (std::size_t r = 0; r < kGroupRows; ++r) {
      widen_row<Format, Simd>(matrix, outputs[r], columns.begin + done, count, wide[r]);
      rows[r] = reinterpret_cast<std::byte const*>(wide[r]);
    }
    for (std::size_t t = 0; t < Count; ++t) next[t] = tokens[t] + done;
    add_segment<distload::matmul::Format<DType::f32>, Simd, Count>(rows, next, count, lanes);
  }
}

/// Halves the accumulators of each row of `lanes` until one is left.
template <class Simd>
inline void halve(LaneBlock& lanes, float* sums) {
  Simd::transpose(lanes);
  for (std::size_t half = kSumLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      for (std::size_t i = 0; i < kSumLanes; i += Simd::kWidth) {
        Simd::store(lanes[lane] + i, Simd::add(Simd::load(lanes[lane] + i), Simd::load(lanes[lane + half] + i)));
      }
    }
  }
  for (std::size_t i = 0; i < kSumLanes; ++i) sums[i] = lanes[0][i];
}

template <class Format, class Simd, std::size_t Count>
inline void dot_rows_of(Matrix const& matrix, std::uint64_t const* outputs, Tokens const& x,
                        std::uint64_t const* borders, std::size_t segments, float* leaves) {
  constexpr std::size_t kSums = Count * kGroupRows;   // of a segment
  constexpr std::size_t kAtOnce = kSumLanes / kSums;  // segments whose accumulators are halved together
  alignas(64) LaneBlock lanes;
  alignas(64) float sums[kSumLanes];
  for (std::size_t first = 0; first < segments; first += kAtOnce) {
    auto const count = segments - first < kAtOnce ? segments - first : kAtOnce;
    std::memset(lanes, 0, sizeof lanes);
    for (std::size_t i = 0; i < count; ++i) {
      Columns const columns{borders[first + i], borders[first + i + 1] - borders[first + i]};
      std::byte const* rows[kGroupRows];
      float const* tokens[Count];
      for (std::size_t r = 0; r < kGroupRows; ++r) {
        rows[r] = matrix.data + (outputs[r] * matrix.row_stride + columns.begin) * Format::kBytes;
      }
      for (std::size_t t = 0; t < Count; ++t) tokens[t] = x.data + t * x.stride + columns.begin;
      if (matrix.factors == nullptr) {
        add_segment<Format, Simd, Count>(rows, tokens, columns.length, lanes + i * kSums);
      } else {
        add_scaled_segment<Format, Simd, Count>(matrix, outputs, tokens, columns, lanes + i * kSums);
      }
    }
    halve<Simd>(lanes, sums);
    std::memcpy(leaves + first * kSums, sums, count * kSums * sizeof(float));
  }
}

template <class Simd>
void dot_rows(Matrix const& matrix, std::uint64_t first, std::size_t count, Tokens const& x,
              std::uint64_t const* borders, std::size_t segments, float* leaves) {
  std::uint64_t outputs[kGroupRows];  // missing ones repeat the last
  for (std::size_t r = 0; r < kGroupRows; ++r) outputs[r] = matrix.row(first + (r < count ? r : count - 1));
  with_format(matrix.dtype, [&]<class Format>(Format) {
    switch (x.count) {
      case 1: return dot_rows_of<Format, Simd, 1>(matrix, outputs, x, borders, segments, leaves);
      case 2: return dot_rows_of<Format, Simd, 2>(matrix, outputs, x, borders, segments, leaves);
      case 3: return dot_rows_of<Format, Simd, 3>(matrix, outputs, x, borders, segments, leaves);
      default: return dot_rows_of<Format, Simd, 4>(matrix, outputs, x, borders, segments, leaves);
    }
  });
}

}  // namespace distload::matmul
