/// The formats of weights, and single numbers of them as float32, on host and device.
#pragma once

#include <cstddef>
#include <cstdint>

#include <Kokkos_Core.hpp>

#include <distload/base/dtype.hpp>

#include "tensor/kernels/convert.hpp"

namespace distload::matmul {

/// Bytes of a number.
KOKKOS_INLINE_FUNCTION constexpr std::size_t weight_bytes(DType dtype) {
  return dtype == DType::f32 ? 4 : dtype == DType::bf16 || dtype == DType::f16 ? 2 : 1;
}

/// The number whose bits are the lowest of `bits`; exact.
KOKKOS_INLINE_FUNCTION float weight_from_bits(DType dtype, std::uint32_t bits) {
  using convert::F16;
  auto const wide = [](F16 number) { return Kokkos::bit_cast<float>(convert::widen(number).bits); };
  switch (dtype) {
    case DType::f32: return Kokkos::bit_cast<float>(bits);
    case DType::bf16: return Kokkos::bit_cast<float>(bits << 16U);
    case DType::f16: return wide(F16{static_cast<std::uint16_t>(bits)});
    case DType::f8_e5m2: return wide(F16{static_cast<std::uint16_t>(bits << 8U)});
    default: break;
  }
  // OCP E4M3: F16's exponent has one bit more and a bias that is larger by 8; no infinities.
  if ((bits & 0x7FU) == 0x7FU) return Kokkos::bit_cast<float>((bits & 0x80U) << 24U | 0x7FC00000U);
  return 256.0F * wide(F16{static_cast<std::uint16_t>((bits & 0x80U) << 8U | (bits & 0x7FU) << 7U)});
}

/// The number at `data`, which need not be aligned to more than its size.
KOKKOS_INLINE_FUNCTION float weight_at(DType dtype, std::byte const* data) {
  switch (weight_bytes(dtype)) {
    case 4: return weight_from_bits(dtype, *reinterpret_cast<std::uint32_t const*>(data));
    case 2: return weight_from_bits(dtype, *reinterpret_cast<std::uint16_t const*>(data));
    default: return weight_from_bits(dtype, *reinterpret_cast<std::uint8_t const*>(data));
  }
}

}  // namespace distload::matmul
