/// What `load.dtype` asks for.
#pragma once

#include <optional>
#include <string_view>

#include <distload/base/dtype.hpp>

namespace distload {

/// Nothing: what is stored is kept.
inline std::optional<DType> load_dtype(std::string_view configured) noexcept {
  if (configured == "bf16") return DType::bf16;
  if (configured == "fp16") return DType::f16;
  if (configured == "fp32") return DType::f32;
  return std::nullopt;
}

}  // namespace distload
