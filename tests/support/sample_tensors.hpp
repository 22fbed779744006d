/// Tensors with generated content, partitioned in all possible ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "save/tensor_spec.hpp"

namespace distload {

/// All can be divided among 1, 2, 3, 4 and 8 ranks, except "uneven".
std::vector<TensorSpec> sample_tensors();

/// The bytes of a box of a sample tensor, row-major. They depend on the tensor's name, the element's position and the
/// training step; for steps less than 256 apart every byte differs.
std::vector<std::byte> sample_bytes(TensorInfo const& tensor, Box const& box, std::uint64_t step = 0);

}  // namespace distload
