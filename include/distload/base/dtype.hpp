/// Element types of tensors, under the names that safetensors gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <distload/base/bytes.hpp>

namespace distload {

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

bool is_floating_point(DType dtype) noexcept;

}  // namespace distload
