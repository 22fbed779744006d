/// dot_rows: few tokens times rows that lie contiguously in memory. Weights go from memory through registers once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layers/kernels/kernels.hpp"
#include "layers/kernels/widen.hpp"

namespace distload::matmul {

inline constexpr std::size_t kScaledColumns = 256;  ///< columns that are scaled at once
inline constexpr std::size_t kPrefetchBytes = 256;

/// The accumulators of up to kSumLanes segments' sums.
using LaneBlock = float[kSumLanes][kSumLanes];

/// Adds kSumLanes x steps products of `Rows` rows and `Count` tokens to lanes[t * kGroupRows + r].
/// `rows` and `tokens` point to the first numbers; `ahead` is the distance in bytes at which weights are prefetched.
/// If `fresh`, the accumulators start at zero.
template <class Format, class Simd, std::size_t Rows, std::size_t Count>
inline void add_products(std::byte const* const* rows, float const* const* tokens, std::size_t steps, std::size_t ahead,
                         bool fresh, float (*lanes)[kSumLanes]) {
  constexpr std::size_t kVectors = kSumLanes / Simd::kWidth;
  typename Simd::Vector sums[Count][Rows][kVectors];
  for (std::size_t t = 0; t < Count; ++t) {
    for (std::size_t r = 0; r < Rows; ++r) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[t][r][v] = fresh ? Simd::zero() : Simd::load(lanes[t * kGroupRows + r] + v * Simd::kWidth);
      }
    }
  }
  for (std::size_t step = 0; step < steps; ++step) {
    for (std::size_t r = 0; r < Rows; ++r) {
      auto const* const row = rows[r] + step * kSumLanes * Format::kBytes;
      __builtin_prefetch(row + ahead);
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

/// The same for kGroupRows rows.
template <class Format, class Simd, std::size_t Count>
inline void add_group(std::byte const* const* rows, float const* const* tokens, std::size_t steps, std::size_t ahead,
                      bool fresh, float (*lanes)[kSumLanes]) {
  for (std::size_t r = 0; r < kGroupRows; r += Simd::kDotRows) {
    add_products<Format, Simd, Simd::kDotRows, Count>(rows + r, tokens, steps, ahead, fresh, lanes + r);
  }
}

/// The last columns of a segment, fewer than kSumLanes; missing ones are zero.
template <class Format, class Simd, std::size_t Count>
inline void add_rest(std::byte const* const* rows, float const* const* tokens, std::size_t done, std::size_t length,
                     bool fresh, float (*lanes)[kSumLanes]) {
  float wide[kGroupRows][kSumLanes];
  float numbers[Count][kSumLanes];
  std::byte const* last_rows[kGroupRows];
  float const* last_tokens[Count];
  for (std::size_t r = 0; r < kGroupRows; ++r) {
    widen<Format, Simd>(rows[r] + done * Format::kBytes, length - done, wide[r]);
    last_rows[r] = reinterpret_cast<std::byte const*>(wide[r]);
  }
  for (std::size_t t = 0; t < Count; ++t) {
    for (std::size_t k = 0; k < kSumLanes; ++k) numbers[t][k] = done + k < length ? tokens[t][done + k] : 0.0F;
    last_tokens[t] = numbers[t];
  }
  add_group<matmul::Format<DType::f32>, Simd, Count>(last_rows, last_tokens, 1, 0, fresh, lanes);
}

/// `length` columns of kGroupRows rows. Weights that lie at most `left` bytes further in the same rows are prefetched
/// there, others in the next rows, `jump` bytes further.
template <class Format, class Simd, std::size_t Count>
inline void add_segment(std::byte const* const* rows, float const* const* tokens, std::size_t length, std::size_t left,
                        std::size_t jump, bool fresh, float (*lanes)[kSumLanes]) {
  auto const steps = length / kSumLanes;
  auto const inside = left < kPrefetchBytes ? 0 : (left - kPrefetchBytes) / (kSumLanes * Format::kBytes);
  auto const near = inside < steps ? inside : steps;
  if (near > 0 || length == 0) add_group<Format, Simd, Count>(rows, tokens, near, kPrefetchBytes, fresh, lanes);
  if (near < steps) {
    std::byte const* far_rows[kGroupRows];
    float const* far_tokens[Count];
    for (std::size_t r = 0; r < kGroupRows; ++r) far_rows[r] = rows[r] + near * kSumLanes * Format::kBytes;
    for (std::size_t t = 0; t < Count; ++t) far_tokens[t] = tokens[t] + near * kSumLanes;
    add_group<Format, Simd, Count>(far_rows, far_tokens, steps - near, kPrefetchBytes + jump, fresh && near == 0,
                                   lanes);
  }
  if (steps * kSumLanes < length) {
    add_rest<Format, Simd, Count>(rows, tokens, steps * kSumLanes, length, fresh && steps == 0, lanes);
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
    add_segment<matmul::Format<DType::f32>, Simd, Count>(rows, next, count, 0, 0, done == 0, lanes);
  }
}

template <class Format, class Simd, std::size_t Count>
inline void dot_rows_of(Matrix const& matrix, std::uint64_t const* outputs, Tokens const& x,
                        std::uint64_t const* borders, std::size_t segments, float* leaves) {
  constexpr std::size_t kSums = Count * kGroupRows;   // of a segment
  constexpr std::size_t kAtOnce = kSumLanes / kSums;  // segments whose accumulators are halved together
  alignas(64) LaneBlock lanes = {};
  alignas(64) float sums[kSumLanes];
  for (std::size_t first = 0; first < segments; first += kAtOnce) {
    auto const count = segments - first < kAtOnce ? segments - first : kAtOnce;
    for (std::size_t i = 0; i < count; ++i) {
      Columns const columns{borders[first + i], borders[first + i + 1] - borders[first + i]};
      std::byte const* rows[kGroupRows];
      float const* tokens[Count];
      for (std::size_t r = 0; r < kGroupRows; ++r) {
        rows[r] = matrix.data + (outputs[r] * matrix.row_stride + columns.begin) * Format::kBytes;
      }
      for (std::size_t t = 0; t < Count; ++t) tokens[t] = x.data + t * x.stride + columns.begin;
      if (matrix.factors == nullptr || columns.length == 0) {
        auto const left = (borders[segments] - columns.begin) * Format::kBytes;
        auto const jump = (kGroupRows - 1) * matrix.row_stride * Format::kBytes;
        add_segment<Format, Simd, Count>(rows, tokens, columns.length, left, jump, true, lanes + i * kSums);
      } else {
        add_scaled_segment<Format, Simd, Count>(matrix, outputs, tokens, columns, lanes + i * kSums);
      }
    }
    Simd::halve(lanes, sums);
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
