/// Element types of tensors, under the names that safetensors gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <distload/base/bytes.hpp>

namespace distload {

/// An element type; f8_e4m3 and f8_e5m2 are the OCP FP8 formats, f8_e8m0 the scale of the MX formats. Elements of f4,
/// f6_e2m3 and f6_e3m2 are smaller than a byte: they are carried in units of whole bytes, see `elements_per_unit`.
enum class DType : std::uint8_t {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  f8_e8m0,
  i64,
  i32,
  i16,
  i8,
  u64,
  u32,
  u16,
  u8,
  boolean,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  c64,   ///< two f32: real and imaginary part
  c128,  ///< two f64
  f4,
  f6_e2m3,
  f6_e3m2,
};

/// The last of them, for messages between ranks.
inline constexpr DType kLastDType = DType::f6_e3m2;

/// Numbers that one element of a catalog's tensor stands for: 1, or the least number that fills whole bytes, which is 2
/// for f4 (in 1 byte) and 4 for f6_e2m3 and f6_e3m2 (in 3 bytes). Such tensors have so many times fewer elements along
/// their last axis than their files say.
std::uint64_t elements_per_unit(DType dtype) noexcept;

/// Bytes of one element, of types smaller than a byte those of a unit.
Bytes size_of(DType dtype) noexcept;

/// safetensors' name: "BF16", "F32", "I64", "F8_E4M3", "BOOL", ...
std::string_view name_of(DType dtype) noexcept;

/// The dtype of a safetensors name, or nothing if distload does not know it.
std::optional<DType> parse_dtype(std::string_view name) noexcept;

/// True for all floating-point formats, the 8-bit ones included.
bool is_floating_point(DType dtype) noexcept;

}  // namespace distload
