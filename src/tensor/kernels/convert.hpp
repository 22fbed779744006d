/// Conversion of single numbers between floating-point types, on host and device: round to nearest, ties to even.
#pragma once

#include <cstdint>
#include <type_traits>

#include <Kokkos_Core.hpp>

namespace distload::convert {

/// The bits of numbers, as tensors store them. Types of their own, so that no overload takes one for another.
struct F64 {
  using Bits = std::uint64_t;
  Bits bits;
};
struct F32 {
  using Bits = std::uint32_t;
  Bits bits;
};
struct F16 {
  using Bits = std::uint16_t;
  Bits bits;
};
struct BF16 {
  using Bits = std::uint16_t;
  Bits bits;
};

inline constexpr std::uint32_t kF32Sign = 0x80000000U;
inline constexpr std::uint32_t kF32Infinity = 0x7F800000U;

KOKKOS_INLINE_FUNCTION constexpr bool is_infinite(F32 x) { return (x.bits & ~kF32Sign) == kF32Infinity; }
KOKKOS_INLINE_FUNCTION constexpr bool is_infinite(F16 x) { return (x.bits & 0x7FFFU) == 0x7C00U; }
KOKKOS_INLINE_FUNCTION constexpr bool is_infinite(BF16 x) { return (x.bits & 0x7FFFU) == 0x7F80U; }
KOKKOS_INLINE_FUNCTION constexpr bool is_finite(F64 x) { return (x.bits >> 52U & 0x7FFU) != 0x7FFU; }
KOKKOS_INLINE_FUNCTION constexpr bool is_finite(F32 x) { return (x.bits & kF32Infinity) != kF32Infinity; }
KOKKOS_INLINE_FUNCTION constexpr bool is_finite(F16 x) { return (x.bits & 0x7C00U) != 0x7C00U; }
KOKKOS_INLINE_FUNCTION constexpr bool is_finite(BF16 x) { return (x.bits & 0x7F80U) != 0x7F80U; }

/// `value` shifted right by `shift` bits (1 to 63), rounded to nearest even.
KOKKOS_INLINE_FUNCTION constexpr std::uint64_t shift_and_round(std::uint64_t value, unsigned shift) {
  auto const half = std::uint64_t{1} << (shift - 1U);
  auto const odd = value >> shift & 1U;
  return (value + half - 1U + odd) >> shift;
}

/// Exact: F32 has all numbers of the smaller types.
KOKKOS_INLINE_FUNCTION constexpr F32 widen(F32 x) { return x; }
KOKKOS_INLINE_FUNCTION constexpr F32 widen(BF16 x) { return {static_cast<std::uint32_t>(x.bits) << 16U}; }
KOKKOS_INLINE_FUNCTION constexpr F32 widen(F16 x) {
  auto const sign = static_cast<std::uint32_t>(x.bits & 0x8000U) << 16U;
  std::uint32_t exponent = x.bits >> 10U & 0x1FU;
  std::uint32_t mantissa = x.bits & 0x3FFU;
  if (exponent == 0x1FU) return {sign | kF32Infinity | mantissa << 13U};
  if (exponent == 0) {
    if (mantissa == 0) return {sign};
    // A subnormal: the leading one moves to where it is not written.
    exponent = 1;
    while ((mantissa & 0x400U) == 0) {
      mantissa <<= 1U;
      --exponent;  // may pass zero: unsigned arithmetic, and the bias below brings it back
    }
    mantissa &= 0x3FFU;
  }
  return {sign | (exponent + (127U - 15U)) << 23U | mantissa << 13U};
}

/// To F32, rounded to odd: what is lost leaves a trace in the last bit, so that a second rounding to a type of at least
/// two bits less gives what a single one would.
KOKKOS_INLINE_FUNCTION constexpr F32 narrow_to_odd(F64 x) {
  auto const sign = static_cast<std::uint32_t>(x.bits >> 32U) & kF32Sign;
  auto const exponent = static_cast<int>(x.bits >> 52U & 0x7FFU) - 1023;
  auto const mantissa = x.bits & ((std::uint64_t{1} << 52U) - 1U);
  if (exponent == 1024) {
    auto const nan = mantissa == 0 ? 0U : 0x400000U | static_cast<std::uint32_t>(mantissa >> 29U);
    return {sign | kF32Infinity | nan};
  }
  if (exponent > 127) return {sign | (kF32Infinity - 1U)};  // the largest finite number, whose last bit is odd
  auto const whole = mantissa | std::uint64_t{1} << 52U;
  unsigned shift = 29;
  std::uint32_t base = 0;
  if (exponent >= -126) {
    base = static_cast<std::uint32_t>(exponent + 126) << 23U;  // `whole` brings the one that is missing
  } else {
    shift += static_cast<unsigned>(-126 - exponent);
    if (shift > 63) shift = 63;
  }
  auto const kept = static_cast<std::uint32_t>(whole >> shift);
  auto const lost = (whole & ((std::uint64_t{1} << shift) - 1U)) != 0 ? 1U : 0U;
  return {sign | ((base + kept) | lost)};
}

KOKKOS_INLINE_FUNCTION constexpr F32 to_f32(F32 x) { return x; }
KOKKOS_INLINE_FUNCTION constexpr F32 to_f32(F16 x) { return widen(x); }
KOKKOS_INLINE_FUNCTION constexpr F32 to_f32(BF16 x) { return widen(x); }
KOKKOS_INLINE_FUNCTION constexpr F32 to_f32(F64 x) {
  auto const sign = static_cast<std::uint32_t>(x.bits >> 32U) & kF32Sign;
  auto const exponent = static_cast<int>(x.bits >> 52U & 0x7FFU) - 1023;
  if (exponent == 1024) return narrow_to_odd(x);
  if (exponent > 127) return {sign | kF32Infinity};
  auto const whole = (x.bits & ((std::uint64_t{1} << 52U) - 1U)) | std::uint64_t{1} << 52U;
  if (exponent >= -126) {
    auto const base = static_cast<std::uint32_t>(exponent + 126) << 23U;
    return {sign | (base + static_cast<std::uint32_t>(shift_and_round(whole, 29)))};  // may carry up to infinity
  }
  auto const shift = 29U + static_cast<unsigned>(-126 - exponent);
  if (shift > 54) return {sign};
  return {sign | static_cast<std::uint32_t>(shift_and_round(whole, shift))};
}

/// From F32 to the smaller types.
KOKKOS_INLINE_FUNCTION constexpr BF16 narrow_to_bf16(F32 x) {
  if ((x.bits & ~kF32Sign) > kF32Infinity) return {static_cast<std::uint16_t>(x.bits >> 16U | 0x40U)};  // NaN stays NaN
  return {static_cast<std::uint16_t>(shift_and_round(x.bits, 16))};
}
KOKKOS_INLINE_FUNCTION constexpr F16 narrow_to_f16(F32 x) {
  auto const sign = static_cast<std::uint16_t>(x.bits >> 16U & 0x8000U);
  auto const magnitude = x.bits & ~kF32Sign;
  std::uint32_t bits = 0;
  if (magnitude > kF32Infinity) {
    bits = 0x7E00U | (magnitude >> 13U & 0x3FFU);
  } else if (magnitude >= 0x477FF000U) {  // 65520, from which on rounding leads out of the range
    bits = 0x7C00U;
  } else if (magnitude >= 0x38800000U) {  // 2^-14, the least normal number
    bits = static_cast<std::uint32_t>(shift_and_round(magnitude - ((127U - 15U) << 23U), 13));
  } else if (magnitude >= 0x33000000U) {  // 2^-25, of which half and less becomes zero
    auto const exponent = magnitude >> 23U;
    auto const whole = (magnitude & 0x7FFFFFU) | 0x800000U;
    bits = static_cast<std::uint32_t>(shift_and_round(whole, 126U - exponent));
  }
  return {static_cast<std::uint16_t>(sign | bits)};
}

/// `x` as another type.
template <class To, class From>
KOKKOS_INLINE_FUNCTION constexpr To convert(From x) {
  if constexpr (std::is_same_v<To, F32>) {
    return to_f32(x);
  } else {
    F32 wide{};
    if constexpr (std::is_same_v<From, F64>) {
      wide = narrow_to_odd(x);
    } else {
      wide = widen(x);
    }
    if constexpr (std::is_same_v<To, BF16>) {
      return narrow_to_bf16(wide);
    } else {
      static_assert(std::is_same_v<To, F16>);
      return narrow_to_f16(wide);
    }
  }
}

}  // namespace distload::convert
