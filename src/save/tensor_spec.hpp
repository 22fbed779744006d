/// TensorSpec: a tensor to store.
#pragma once

#include <string>

#include <distload/base/dtype.hpp>
#include <distload/partition/partition.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

struct TensorSpec {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;  ///< global
  Partition partition;
};

}  // namespace distload
