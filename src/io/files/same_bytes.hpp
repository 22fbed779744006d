/// same_bytes: whether two tensors of a checkpoint hold the same.
#pragma once

#include <cstdint>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Whether two tensors of the same shape and dtype hold the same bytes. Nothing is read of them where both have
/// checksums of the same boxes; otherwise the files are, up to the first difference.
///
/// Ranks may share the reading: each says whether there is a difference in its `part` of `parts`. In what needs no
/// reading, every part finds all differences.
/// @throws IoError      a file cannot be read
/// @throws CorruptData  it ends too early
bool same_bytes(Catalog const& catalog, TensorInfo const& a, TensorInfo const& b, std::uint32_t part = 0,
                std::uint32_t parts = 1);

}  // namespace distload
