/// Simd for processors of which nothing is known: one number at a time.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>

#include "layers/kernels/halve.hpp"
#include "layers/kernels/kernels.hpp"
#include "layers/kernels/weight_formats.hpp"

namespace distload::matmul {

struct PortableSimd {
  using Vector = float;
  static constexpr std::size_t kWidth = 1;
  static constexpr std::size_t kDotRows = 1;
  static constexpr std::size_t kTokens = 6;

  static Vector zero() { return 0.0F; }
  static Vector load(float const* from) { return *from; }
  static void store(float* to, Vector vector) { *to = vector; }
  static Vector broadcast(float number) { return number; }
  static Vector add(Vector a, Vector b) { return a + b; }
  static Vector multiply(Vector a, Vector b) { return a * b; }
  static Vector fma(Vector a, Vector b, Vector c) { return std::fma(a, b, c); }

  template <DType dtype>
  static Vector widen(std::byte const* from) {
    return weight_at(dtype, from);
  }

  static void transpose(float (&block)[kSumLanes][kSumLanes]) {
    for (std::size_t row = 0; row < kSumLanes; ++row) {
      for (std::size_t column = 0; column < row; ++column) std::swap(block[row][column], block[column][row]);
    }
  }

  static void halve(float (&block)[kSumLanes][kSumLanes], float* sums) {
    halve_by_transposing<PortableSimd>(block, sums);
  }
};

}  // namespace distload::matmul
