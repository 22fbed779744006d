/// Who converts which part of which tensor when a checkpoint is streamed, and in what stretches. Pure.
///
/// A stretch is a range of a tensor's elements in row-major order. Every box keeps that order, so that a stretch is one
/// range of each extent it has elements of, on both sides; and when stretches follow each other, so do the ranges.
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
  Bytes cost_bytes = 0;  ///< read and written

  friend bool operator==(StreamPiece const&, StreamPiece const&) = default;
};

/// For each of `ranks` ranks its pieces, in the order of the tensors: together all elements, each once, about equally
/// many bytes to read and write for everyone. Tensors are cut where every extent that the cut goes through is cut at a
/// multiple of its grain. The same on every rank.
std::vector<std::vector<StreamPiece>> share_out(StreamTensors const& tensors, std::uint32_t ranks);

/// The end of a stretch that begins at `begin` and has at most `most` elements (> 0): between two slices along an axis
/// as far outside as they fit, preferably where the ranges of files are likely to begin at multiples of their pages.
std::uint64_t end_of_stretch(Shape const& shape, std::uint64_t begin, std::uint64_t most);

}  // namespace distload
