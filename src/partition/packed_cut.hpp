/// Cuts of tensors whose elements are smaller than a byte.
#pragma once

#include <distload/base/dtype.hpp>
#include <distload/partition/partition.hpp>

namespace distload::rules {

/// The partition, made for the shape in numbers, of a tensor of `dtype` in the units of its catalog's shape.
/// @throws RuleProblem  a section or unit ends inside a byte.
Partition in_units(Partition partition, DType dtype, Shape const& numbers_shape);

}  // namespace distload::rules
