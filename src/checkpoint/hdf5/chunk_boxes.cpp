// Clips chunks to the tensor.
#include "checkpoint/hdf5/chunk_boxes.hpp"

#include <algorithm>

#include <distload/base/bytes.hpp>

namespace distload::hdf5 {
namespace {

/// The part of the chunk that lies inside the tensor.
Box clip(Shape const& shape, Dims const& chunk, Dims const& position) {
  Box box{position, chunk};
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    box.extent[axis] = std::min(chunk[axis], shape[axis] - position[axis]);
  }
  return box;
}

/// The first axis from which inwards the clipped box is contiguous in the chunk. The axes before it are walked index by
/// index.
std::size_t first_contiguous_axis(Dims const& chunk, Dims const& clipped) {
  auto axis = chunk.size();
  while (axis > 0 && clipped[axis - 1] == chunk[axis - 1]) --axis;
  return axis == 0 ? 0 : axis - 1;
}

std::uint64_t volume_of_outer_axes(Dims const& extent, std::size_t axes) {
  std::uint64_t count = 1;
  for (std::size_t axis = 0; axis < axes; ++axis) count *= extent[axis];
  return count;
}

}  // namespace

std::vector<ChunkPart> parts_of_chunk(Shape const& shape, Dims const& chunk, Dims const& position) {
  auto const clipped = clip(shape, chunk, position);
  auto const walked = first_contiguous_axis(chunk, clipped.extent);
  auto const count = volume_of_outer_axes(clipped.extent, walked);
  std::vector<ChunkPart> parts;
  parts.reserve(count);
  auto in_chunk = Dims::filled(chunk.size(), 0);
  for (std::uint64_t part = 0; part < count; ++part) {
    Box box = clipped;
    for (std::size_t axis = 0; axis < walked; ++axis) {
      box.offset[axis] += in_chunk[axis];
      box.extent[axis] = 1;
    }
    parts.push_back({box, linear_index(chunk, in_chunk)});
    for (auto axis = walked; axis-- > 0;) {
      if (++in_chunk[axis] < clipped.extent[axis]) break;
      in_chunk[axis] = 0;
    }
  }
  return parts;
}

std::uint64_t count_parts_of_chunk(Shape const& shape, Dims const& chunk, Dims const& position) {
  auto const clipped = clip(shape, chunk, position);
  return volume_of_outer_axes(clipped.extent, first_contiguous_axis(chunk, clipped.extent));
}

std::optional<std::uint64_t> count_chunks(Shape const& shape, Dims const& chunk) {
  std::optional<std::uint64_t> count = 1;
  for (std::size_t axis = 0; axis < shape.size() && count; ++axis) {
    count = checked_multiply(*count, shape[axis] / chunk[axis] + (shape[axis] % chunk[axis] != 0 ? 1 : 0));
  }
  return count;
}

}  // namespace distload::hdf5
