/// What a chunk means as boxes: the part of it that lies in the dataset, cut into stretches that are contiguous in the
/// file. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/tensor/box.hpp>

namespace distload::hdf5 {

/// A box of a tensor and where it begins in the chunk that stores it.
struct ChunkPart {
  Box box;
  std::uint64_t first_element = 0;  ///< row-major index in the chunk
};

/// The parts of the chunk at `position` that hold elements of a tensor of shape `shape`. A chunk inside the tensor is
/// one part; one that sticks out over an inner axis is cut into runs.
std::vector<ChunkPart> parts_of_chunk(Shape const& shape, Dims const& chunk, Dims const& position);

/// Number of those parts, without making them.
std::uint64_t count_parts_of_chunk(Shape const& shape, Dims const& chunk, Dims const& position);

/// Number of chunks that cover the tensor, or nothing if that does not fit 64 bits.
std::optional<std::uint64_t> count_chunks(Shape const& shape, Dims const& chunk);

}  // namespace distload::hdf5
