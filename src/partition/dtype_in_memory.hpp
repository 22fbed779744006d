/// dtype_in_memory: the element type that a parameter has in memory.
#pragma once

#include <optional>

#include <distload/base/dtype.hpp>
#include <distload/partition/model_layout.hpp>

#include "tensor/cast.hpp"

namespace distload {

/// Of a parameter whose elements are stored as `stored`, where `wanted` is asked for. Parameters with `keep_dtype` and
/// elements that cannot be cast keep the type that they are stored in.
inline DType dtype_in_memory(Parameter const& parameter, DType stored, std::optional<DType> wanted) noexcept {
  return wanted && can_cast(stored, *wanted) && !parameter.keep_dtype ? *wanted : stored;
}

}  // namespace distload
