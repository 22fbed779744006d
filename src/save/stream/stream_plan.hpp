/// Distributes the conversion of a checkpoint over ranks and divides it into ranges. Pure.
///
/// A range ("stretch") has consecutive elements of a tensor in row-major order. Boxes keep that order, so that it is
/// one range of each extent that it overlaps, on both sides, and consecutive ranges of the tensor are consecutive in
/// each extent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <distload/base/bytes.hpp>

#include "save/stream/stream_tensor.hpp"

namespace distload {

/// The elements [begin, end) of a tensor, which one rank converts in order.
struct StreamPiece {
  std::uint32_t tensor = 0;  ///< its number in `StreamTensors`
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  Bytes cost_bytes = 0;  ///< bytes to read plus bytes to write

  friend bool operator==(StreamPiece const&, StreamPiece const&) = default;
};

/// The pieces of each of `ranks` ranks, in the order of the tensors: together all elements, each once, with similar
/// numbers of bytes per rank. Every extent at a cut is divided at a multiple of its grain. The same on every rank.
std::vector<std::vector<StreamPiece>> share_out(StreamTensors const& tensors, std::uint32_t ranks);

/// The end of a range that begins at `begin` and has at most `most` elements (> 0): at a slice boundary along an axis
/// as far outside as fits, preferably where file ranges begin at multiples of the page size.
std::uint64_t end_of_stretch(Shape const& shape, std::uint64_t begin, std::uint64_t most);

}  // namespace distload
