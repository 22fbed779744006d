/// Shapes of tensors whose elements are smaller than a byte.
#pragma once

#include <cstdint>

#include <distload/base/dtype.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

/// The shape in numbers, as safetensors headers, rules and reports state it, of a tensor whose shape in a catalog is
/// `shape`: of types smaller than a byte, a catalog counts units of whole bytes along the last axis.
inline Shape shape_in_numbers(DType dtype, Shape shape) {
  if (!shape.empty()) shape[shape.size() - 1] *= elements_per_unit(dtype);
  return shape;
}

/// The numbers in a tensor whose shape in a catalog is `shape`.
inline std::uint64_t count_numbers(DType dtype, Shape const& shape) { return volume(shape) * elements_per_unit(dtype); }

}  // namespace distload
