/// Converts chunks to boxes: the part of a chunk inside the dataset, divided into pieces that are contiguous in the
/// file. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/tensor/box.hpp>

namespace distload::hdf5 {

/// A box of a tensor and its position in the chunk that stores it.
struct ChunkPart {
  Box box;
  std::uint64_t first_element = 0;  ///< row-major index in the chunk
};

/// The parts of the chunk at `position` that hold elements of a tensor of shape `shape`. A chunk inside the tensor is
/// one part; a chunk that exceeds the tensor on an inner axis is divided into runs.
std::vector<ChunkPart> parts_of_chunk(Shape const& shape, Dims const& chunk, Dims const& position);

/// The number of those parts.
std::uint64_t count_parts_of_chunk(Shape const& shape, Dims const& chunk, Dims const& position);

/// The number of chunks that cover the tensor; nothing if it exceeds 64 bits.
std::optional<std::uint64_t> count_chunks(Shape const& shape, Dims const& chunk);

}  // namespace distload::hdf5
