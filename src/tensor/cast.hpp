/// Cast: elements that change their floating-point type on the way to their shard.
#pragma once

#include <distload/base/dtype.hpp>

namespace distload {

struct Cast {
  DType from = DType::f32;
  DType to = DType::f32;

  friend bool operator==(Cast const&, Cast const&) = default;
};

/// True if elements of `from` can be had as `to`: F64, F32, F16 and BF16 as F32, F16 and BF16, rounded to nearest even.
/// Integers and eight-bit numbers, which mean nothing without their scales, stay what they are.
constexpr bool can_cast(DType from, DType to) noexcept {
  auto const is_source = from == DType::f64 || from == DType::f32 || from == DType::f16 || from == DType::bf16;
  auto const is_target = to == DType::f32 || to == DType::f16 || to == DType::bf16;
  return is_source && is_target && from != to;
}

}  // namespace distload
