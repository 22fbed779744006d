/// same_bytes: compares the content of two tensors of a checkpoint.
#pragma once

#include <cstdint>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// True if two tensors of the same shape and dtype have the same bytes. Compares checksums where both have them for the
/// same boxes; otherwise reads the files up to the first difference.
///
/// Ranks may divide the reading: each compares its `part` of `parts`. Differences in checksums are found by every part.
/// @throws IoError      a file cannot be read
/// @throws CorruptData  a file is too short
bool same_bytes(Catalog const& catalog, TensorInfo const& a, TensorInfo const& b, std::uint32_t part = 0,
                std::uint32_t parts = 1);

}  // namespace distload
