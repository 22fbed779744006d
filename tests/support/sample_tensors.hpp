/// Tensors with made-up content, cut in every way that there is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "save/tensor_spec.hpp"

namespace distload {

/// Every one can be cut by 1, 2, 3, 4 and 8 ranks, except "uneven".
std::vector<TensorSpec> sample_tensors();

/// The bytes of a box of such a tensor, row-major; they depend on the tensor's name, the element's place in the
/// tensor, and the step of the training, which matters to every byte of an element less than 256 steps later.
std::vector<std::byte> sample_bytes(TensorInfo const& tensor, Box const& box, std::uint64_t step = 0);

}  // namespace distload
