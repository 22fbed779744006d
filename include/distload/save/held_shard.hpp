/// HeldShard: a shard in memory of the caller, to be saved.
#pragma once

#include <cstddef>
#include <string>

#include <distload/base/dtype.hpp>
#include <distload/partition/partition.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

/// A rank's boxes of a tensor. All ranks together hold all of it; what several hold is equal.
struct HeldShard {
  std::string name;                 ///< of the tensor
  DType dtype = DType::f32;         ///< of the tensor, on all ranks
  Shape global_shape;               ///< of the tensor
  ShardLayout layout;               ///< which boxes lie where in the shard, which is row-major
  std::byte const* data = nullptr;  ///< the shard, in the memory of Kokkos' default execution space
};

}  // namespace distload
