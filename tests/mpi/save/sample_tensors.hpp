/// Tensors with made-up content, cut in every way that there is.
#pragma once

#include <cstddef>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/save/checkpoint_writer.hpp>

namespace distload {

/// Every one can be cut by 1, 2, 3, 4 and 8 ranks, except "uneven".
std::vector<TensorSpec> sample_tensors();

/// The bytes of a box of such a tensor, row-major; they depend on the tensor's name and the element's place in the
/// tensor.
std::vector<std::byte> sample_bytes(TensorInfo const& tensor, Box const& box);

/// Expects all of the catalog's extents to hold those bytes, and its hashes to be theirs.
void expect_sample_content(Catalog const& catalog);

}  // namespace distload
