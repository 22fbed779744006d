/// Element types of tensors, under the names that safetensors gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <distload/base/bytes.hpp>

namespace distload {

/// An element type; f8_e4m3 and f8_e5m2 are the OCP FP8 formats, f8_e8m0 the scale of the MX formats.
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
};

/// Bytes of one element.
Bytes size_of(DType dtype) noexcept;

/// safetensors' name: "BF16", "F32", "I64", "F8_E4M3", "BOOL", ...
std::string_view name_of(DType dtype) noexcept;

/// The dtype of a safetensors name, or nothing if distload does not know it.
std::optional<DType> parse_dtype(std::string_view name) noexcept;

/// True for all floating-point formats, the 8-bit ones included.
bool is_floating_point(DType dtype) noexcept;

}  // namespace distload
