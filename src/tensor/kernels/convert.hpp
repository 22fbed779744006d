/// Conversion of single floating-point numbers on host and device: round to nearest, ties to even.
#pragma once

#include <cstdint>
#include <type_traits>

#include <Kokkos_BitManipulation.hpp>
#include <Kokkos_Core.hpp>

namespace distload::convert {

/// The bits of numbers as tensors store them. Distinct types, so that overloads cannot be confused.
struct F64 {
  std::uint64_t bits;
};
struct F32 {
  std::uint32_t bits;
};
struct F16 {
  std::uint16_t bits;
};
struct BF16 {
  std::uint16_t bits;
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

/// Selects one of two computed values without a branch; a ?: would let the compiler branch and compute only one.
KOKKOS_INLINE_FUNCTION constexpr std::uint32_t select(bool condition, std::uint32_t yes, std::uint32_t no) {
  auto const mask = 0U - static_cast<std::uint32_t>(condition);
  return (yes & mask) | (no & ~mask);
}

/// Exact: F32 represents all values of the smaller types.
KOKKOS_INLINE_FUNCTION constexpr F32 widen(F32 x) { return x; }
KOKKOS_INLINE_FUNCTION constexpr F32 widen(BF16 x) { return {static_cast<std::uint32_t>(x.bits) << 16U}; }
/// Without branches; after fp16_ieee_to_fp32_value of M. Dukhan's FP16 library, as `narrow_to_f16`.
KOKKOS_INLINE_FUNCTION F32 widen(F16 x) {
  auto const sign = static_cast<std::uint32_t>(x.bits & 0x8000U) << 16U;
  auto const magnitude = static_cast<std::uint32_t>(x.bits & 0x7FFFU);
  // Shifts the mantissa to F32's position and increases the exponent so that infinity and NaN become F32's; the product
  // corrects the exponent.
  auto const normal = Kokkos::bit_cast<float>((magnitude << 13U) + 0x70000000U) * 0x1.0p-112F;
  // Puts a subnormal's mantissa into the last bits of a number from 0.5 on and subtracts 0.5.
  auto const subnormal = Kokkos::bit_cast<float>(magnitude | 0x3F000000U) - 0.5F;
  return {sign | select(magnitude < 0x400U, Kokkos::bit_cast<std::uint32_t>(subnormal),
                        Kokkos::bit_cast<std::uint32_t>(normal))};
}

/// To F32, rounded to odd: the last bit is set if bits are lost, so that a second rounding to a type with at least two
/// bits fewer gives the same result as a single rounding.
KOKKOS_INLINE_FUNCTION constexpr F32 narrow_to_odd(F64 x) {
  auto const sign = static_cast<std::uint32_t>(x.bits >> 32U) & kF32Sign;
  auto const exponent = static_cast<int>(x.bits >> 52U & 0x7FFU) - 1023;
  auto const mantissa = x.bits & ((std::uint64_t{1} << 52U) - 1U);
  if (exponent == 1024) {
    auto const nan = mantissa == 0 ? 0U : 0x400000U | static_cast<std::uint32_t>(mantissa >> 29U);
    return {sign | kF32Infinity | nan};
  }
  if (exponent > 127) return {sign | (kF32Infinity - 1U)};  // the largest finite number, which is odd
  auto const whole = mantissa | std::uint64_t{1} << 52U;
  unsigned shift = 29;
  std::uint32_t base = 0;
  if (exponent >= -126) {
    base = static_cast<std::uint32_t>(exponent + 126) << 23U;  // `whole` adds the missing one
  } else {
    shift += static_cast<unsigned>(-126 - exponent);
    if (shift > 63) shift = 63;
  }
  auto const kept = static_cast<std::uint32_t>(whole >> shift);
  auto const lost = (whole & ((std::uint64_t{1} << shift) - 1U)) != 0 ? 1U : 0U;
  return {sign | ((base + kept) | lost)};
}

/// From F32 to the smaller types.
KOKKOS_INLINE_FUNCTION constexpr BF16 narrow_to_bf16(F32 x) {
  auto const rounded = (x.bits + 0x7FFFU + (x.bits >> 16U & 1U)) >> 16U;
  auto const is_nan = (x.bits & ~kF32Sign) > kF32Infinity;
  return {static_cast<std::uint16_t>(is_nan ? x.bits >> 16U | 0x40U : rounded)};  // NaN stays NaN
}

/// Without branches, so that compilers vectorise it: adds a power of two that depends on the exponent, which rounds the
/// mantissa to F16's last bit. After M. Dukhan's FP16 library (fp16_ieee_from_fp32_value).
KOKKOS_INLINE_FUNCTION F16 narrow_to_f16(F32 x) {
  auto const sign = x.bits & kF32Sign;
  auto const magnitude = x.bits & ~kF32Sign;
  // Numbers above F16's range become infinite in the first product; the two products scale all others by 2^2.
  auto const scaled = Kokkos::bit_cast<float>(magnitude) * 0x1.0p+112F * 0x1.0p-110F;
  auto const exponent = magnitude & kF32Infinity;
  auto const least = 0x38800000U;  // 2^-14, the smallest normal number of F16
  auto const power = (exponent < least ? least : exponent) + 0x07800000U;
  auto const rounded = Kokkos::bit_cast<std::uint32_t>(Kokkos::bit_cast<float>(power) + scaled);
  auto const bits = (rounded >> 13U & 0x7C00U) + (rounded & 0x0FFFU);
  return {static_cast<std::uint16_t>(sign >> 16U | select(magnitude > kF32Infinity, 0x7E00U, bits))};
}

/// Converts `x` to another type.
template <class To, class From>
KOKKOS_INLINE_FUNCTION To convert(From x) {
  if constexpr (std::is_same_v<From, F64> && std::is_same_v<To, F32>) {
    return {Kokkos::bit_cast<std::uint32_t>(static_cast<float>(Kokkos::bit_cast<double>(x.bits)))};
  } else {
    F32 wide{};
    if constexpr (std::is_same_v<From, F64>) {
      wide = narrow_to_odd(x);
    } else {
      wide = widen(x);
    }
    if constexpr (std::is_same_v<To, F32>) {
      return wide;
    } else if constexpr (std::is_same_v<To, BF16>) {
      return narrow_to_bf16(wide);
    } else {
      static_assert(std::is_same_v<To, F16>);
      return narrow_to_f16(wide);
    }
  }
}

/// True if every finite number of `From` converts to a finite number of `To`.
template <class From, class To>
inline constexpr bool kAlwaysFits = sizeof(From) < sizeof(To) ||
                                    (std::is_same_v<From, F16> && std::is_same_v<To, BF16>);

/// 1 if a finite number became infinite.
template <class From, class To>
KOKKOS_INLINE_FUNCTION std::uint32_t overflowed([[maybe_unused]] From from, [[maybe_unused]] To to) {
  if constexpr (kAlwaysFits<From, To>) {
    return 0;
  } else {
    return static_cast<std::uint32_t>(is_infinite(to)) & static_cast<std::uint32_t>(is_finite(from));
  }
}

}  // namespace distload::convert
