/// HyperslabPieces: byte ranges of extents as boxes of their tensors, for HDF5 selections. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

#include "io/engines/engine.hpp"

namespace distload {

/// A box of a tensor that is read, row-major, into contiguous memory.
struct HyperslabPiece {
  std::uint32_t tensor = 0;  ///< index into `Catalog::tensors`
  Box box;                   ///< in the tensor, in elements
  Bytes nbytes = 0;
  std::byte* destination = nullptr;
};

/// The requests in the order of their tensors and extents, and their pieces, in the same order of bytes.
struct HyperslabPieces {
  std::vector<ReadRequest> requests;
  std::vector<HyperslabPiece> pieces;
};

/// Divides every request into boxes of at most `longest_piece` bytes, along the outermost possible axes to keep their
/// number small; a single element may be longer.
/// @throws InternalError  as `check_request`, or a request begins or ends inside an element.
HyperslabPieces hyperslab_pieces(Catalog const& catalog, std::span<ReadRequest const> requests, Bytes longest_piece);

}  // namespace distload
