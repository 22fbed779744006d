/// Runs of weights as float32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "layers/kernels/kernels.hpp"

namespace distload::matmul {

/// A dtype as a type, for overloads and lambdas.
template <DType dtype>
struct Format {
  static constexpr DType kDType = dtype;
  static constexpr std::size_t kBytes = dtype == DType::f32 ? 4 : dtype == DType::bf16 || dtype == DType::f16 ? 2 : 1;
};

/// use(Format<dtype>).
template <class Use>
inline void with_format(DType dtype, Use const& use) {
  switch (dtype) {
    case DType::f32: return use(Format<DType::f32>{});
    case DType::bf16: return use(Format<DType::bf16>{});
    case DType::f16: return use(Format<DType::f16>{});
    case DType::f8_e5m2: return use(Format<DType::f8_e5m2>{});
    default: return use(Format<DType::f8_e4m3>{});
  }
}

template <class Format, class Simd>
inline void widen_full(std::byte const* from, float* to) {
  for (std::size_t i = 0; i < kSumLanes; i += Simd::kWidth) {
    Simd::store(to + i, Simd::template widen<Format::kDType>(from + i * Format::kBytes));
  }
}

/// `count` numbers; zero behind them up to the next multiple of kSumLanes.
template <class Format, class Simd>
inline void widen(std::byte const* from, std::size_t count, float* to) {
  std::size_t done = 0;
  for (; done + kSumLanes <= count; done += kSumLanes) {
    widen_full<Format, Simd>(from + done * Format::kBytes, to + done);
  }
  if (done == count) return;
  std::byte padded[kSumLanes * Format::kBytes] = {};
  std::memcpy(padded, from + done * Format::kBytes, (count - done) * Format::kBytes);
  widen_full<Format, Simd>(padded, to + done);
}

/// The factor of number (row, column) of the shard.
template <class Simd>
inline float factor_of(Matrix const& matrix, std::uint64_t row, std::uint64_t column) {
  return matrix.factors[row / matrix.block_rows * matrix.factor_row_stride +
                        column / matrix.block_columns * matrix.factor_column_stride];
}

/// Multiplies `count` numbers of a row, from `column` on, by their factors.
template <class Simd>
inline void scale_row(Matrix const& matrix, std::uint64_t row, std::uint64_t column, std::size_t count,
                      float* numbers) {
  std::size_t done = 0;
  while (done < count) {
    auto const factor = factor_of<Simd>(matrix, row, column + done);
    auto const left = matrix.block_columns - (column + done) % matrix.block_columns;
    auto const end = left < count - done ? done + left : count;
    auto const factors = Simd::broadcast(factor);
    for (; done + Simd::kWidth <= end; done += Simd::kWidth) {
      Simd::store(numbers + done, Simd::multiply(Simd::load(numbers + done), factors));
    }
    for (; done < end; ++done) numbers[done] *= factor;
  }
}

/// Columns [column, column + count) of a row, with its factors; padded as `widen` does. Precondition: by_rows().
template <class Format, class Simd>
inline void widen_row(Matrix const& matrix, std::uint64_t row, std::uint64_t column, std::size_t count, float* to) {
  widen<Format, Simd>(matrix.data + (row * matrix.row_stride + column) * Format::kBytes, count, to);
  if (matrix.factors != nullptr) scale_row<Simd>(matrix, row, column, count, to);
}

}  // namespace distload::matmul
