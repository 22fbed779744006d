/// Simd of AVX2, FMA and F16C: 8 numbers at a time; empty for a compiler that may not use them.
#pragma once

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>

#include <cstddef>

#include "layers/kernels/halve.hpp"
#include "layers/kernels/kernels.hpp"

namespace distload::matmul {

struct Avx2Simd {
  using Vector = __m256;
  static constexpr std::size_t kWidth = 8;
  static constexpr std::size_t kDotRows = 2;
  static constexpr std::size_t kTokens = 6;

  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector load(float const* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, Vector vector) { _mm256_storeu_ps(to, vector); }
  static Vector broadcast(float number) { return _mm256_set1_ps(number); }
  static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }

  /// 8 weights as float32; exact.
  template <DType dtype>
  static Vector widen(std::byte const* from) {
    if constexpr (dtype == DType::f32) return _mm256_loadu_ps(reinterpret_cast<float const*>(from));
    if constexpr (dtype == DType::bf16) {
      auto const bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<__m128i const*>(from)));
      return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
    }
    if constexpr (dtype == DType::f16) {
      return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<__m128i const*>(from)));
    }
    auto const bytes = _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<__m128i const*>(from)));
    if constexpr (dtype == DType::f8_e5m2) return _mm256_cvtph_ps(_mm_slli_epi16(bytes, 8));
    return widen_e4m3(bytes);
  }

  static void transpose(float (&block)[kSumLanes][kSumLanes]) {
    for (std::size_t row = 0; row < kSumLanes; row += 4) {
      for (std::size_t column = 0; column <= row; column += 4) swap_transposed(block, row, column);
    }
  }

  static void halve(float (&block)[kSumLanes][kSumLanes], float* sums) { halve_by_transposing<Avx2Simd>(block, sums); }

 private:
  /// As F16, whose exponent's bias is larger by 8, times 2^8. 0x7F is NaN.
  static Vector widen_e4m3(__m128i bytes) {
    auto const magnitude = _mm_and_si128(bytes, _mm_set1_epi16(0x7F));
    auto const sign = _mm_slli_epi16(_mm_and_si128(bytes, _mm_set1_epi16(0x80)), 8);
    auto const nan = _mm_and_si128(_mm_cmpeq_epi16(magnitude, _mm_set1_epi16(0x7F)), _mm_set1_epi16(0x7E00));
    auto const half = _mm_or_si128(_mm_or_si128(_mm_slli_epi16(magnitude, 7), sign), nan);
    return _mm256_mul_ps(_mm256_cvtph_ps(half), _mm256_set1_ps(256.0F));
  }

  /// Transposes the 4 x 4 numbers at (row, column) and those at (column, row), and swaps them.
  static void swap_transposed(float (&block)[kSumLanes][kSumLanes], std::size_t row, std::size_t column) {
    __m128 below[4];
    __m128 above[4];
    for (std::size_t i = 0; i < 4; ++i) {
      below[i] = _mm_loadu_ps(&block[row + i][column]);
      above[i] = _mm_loadu_ps(&block[column + i][row]);
    }
    _MM_TRANSPOSE4_PS(below[0], below[1], below[2], below[3]);
    _MM_TRANSPOSE4_PS(above[0], above[1], above[2], above[3]);
    for (std::size_t i = 0; i < 4; ++i) {
      _mm_storeu_ps(&block[row + i][column], above[i]);
      _mm_storeu_ps(&block[column + i][row], below[i]);
    }
  }
};

}  // namespace distload::matmul

#endif
