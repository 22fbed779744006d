/// Simd of AVX-512 (F, BW, DQ, VL): 16 numbers at a time; empty for a compiler that may not use them.
#pragma once

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)

#include <immintrin.h>

#include <cstddef>

#include "layers/kernels/kernels.hpp"

namespace distload::matmul {

struct Avx512Simd {
  using Vector = __m512;
  static constexpr std::size_t kWidth = 16;
  static constexpr std::size_t kDotRows = 4;
  static constexpr std::size_t kTokens = 12;

  static Vector zero() { return _mm512_setzero_ps(); }
  static Vector load(float const* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, Vector vector) { _mm512_storeu_ps(to, vector); }
  static Vector broadcast(float number) { return _mm512_set1_ps(number); }
  static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }

  /// 16 weights as float32; exact.
  template <DType dtype>
  static Vector widen(std::byte const* from) {
    if constexpr (dtype == DType::f32) return _mm512_loadu_ps(from);
    if constexpr (dtype == DType::bf16) {
      auto const bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)));
      return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
    }
    if constexpr (dtype == DType::f16) {
      return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(from)));
    }
    auto const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
    if constexpr (dtype == DType::f8_e5m2) return _mm512_cvtph_ps(_mm256_slli_epi16(_mm256_cvtepu8_epi16(bytes), 8));
    return widen_e4m3(bytes);
  }

  /// By exchanging quarters of blocks of 16 x 16, 8 x 8, 4 x 4 and 2 x 2 numbers.
  static void transpose(float (&block)[kSumLanes][kSumLanes]) {
    Vector rows[kSumLanes];
    for (std::size_t i = 0; i < kSumLanes; ++i) rows[i] = load(block[i]);
    exchange<8>(rows, kSumLanes);
    exchange<4>(rows, kSumLanes);
    exchange<2>(rows, kSumLanes);
    exchange<1>(rows, kSumLanes);
    for (std::size_t i = 0; i < kSumLanes; ++i) store(block[i], rows[i]);
  }

  /// sums[i] = the sum of block[i] by halving. After exchange<8>, row i has the lower and row i + 8 the upper halves of
  /// rows i and i + 8, and so on.
  static void halve(float (&block)[kSumLanes][kSumLanes], float* sums) {
    Vector rows[kSumLanes];
    for (std::size_t i = 0; i < kSumLanes; ++i) rows[i] = load(block[i]);
    add_halves<8>(rows);
    add_halves<4>(rows);
    add_halves<2>(rows);
    add_halves<1>(rows);
    store(sums, rows[0]);
  }

 private:
  /// As F16, whose exponent's bias is larger by 8, times 2^8. 0x7F is NaN.
  static Vector widen_e4m3(__m128i bytes) {
    auto const signed_bytes = _mm256_cvtepi8_epi16(bytes);
    auto const half =
        _mm256_and_si256(_mm256_slli_epi16(signed_bytes, 7), _mm256_set1_epi16(static_cast<short>(0xBF80)));
    auto const nan = _mm256_cmpeq_epi16_mask(_mm256_or_si256(half, _mm256_set1_epi16(static_cast<short>(0x8000))),
                                             _mm256_set1_epi16(static_cast<short>(0xBF80)));
    auto const number = _mm256_mask_blend_epi16(nan, half, _mm256_set1_epi16(0x7E00));
    return _mm512_mul_ps(_mm512_cvtph_ps(number), _mm512_set1_ps(256.0F));
  }

  template <std::size_t distance>
  static void add_halves(Vector (&rows)[kSumLanes]) {
    exchange<distance>(rows, 2 * distance);
    for (std::size_t i = 0; i < distance; ++i) rows[i] = add(rows[i], rows[i + distance]);
  }

  /// In every block of 2 distance x 2 distance numbers of `count` rows: exchanges the upper right with the lower left
  /// quarter.
  template <std::size_t distance>
  [[gnu::always_inline]] static void exchange(Vector (&rows)[kSumLanes], std::size_t count) {
    alignas(64) static constexpr auto kIndices = indices_of(distance);
    auto const upper = _mm512_load_si512(kIndices.upper);
    auto const lower = _mm512_load_si512(kIndices.lower);
    for (std::size_t i = 0; i < count; ++i) {
      if ((i & distance) != 0) continue;
      auto const first = rows[i];
      auto const second = rows[i + distance];
      rows[i] = _mm512_permutex2var_ps(first, upper, second);
      rows[i + distance] = _mm512_permutex2var_ps(first, lower, second);
    }
  }

  struct Indices {
    int upper[kSumLanes];
    int lower[kSumLanes];
  };
  static constexpr Indices indices_of(std::size_t distance) {
    Indices indices{};
    for (std::size_t i = 0; i < kSumLanes; ++i) {
      bool const right = (i & distance) != 0;
      indices.upper[i] = static_cast<int>(right ? kSumLanes + i - distance : i);
      indices.lower[i] = static_cast<int>(right ? kSumLanes + i : i + distance);
    }
    return indices;
  }
};

}  // namespace distload::matmul

#endif
