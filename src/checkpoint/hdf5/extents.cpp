// Converts contiguous and chunked datasets to extents.
#include "checkpoint/hdf5/extents.hpp"

#include <algorithm>
#include <string_view>

#include "checkpoint/hdf5/chunk_boxes.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"

namespace distload::hdf5 {
namespace {

// HDF5 1.10 visits all chunks before the requested one: 16,384 chunks take about two seconds.
constexpr std::uint64_t kMaxChunks = 16384;
constexpr std::uint64_t kMaxExtents = std::uint64_t{1} << 22U;

constexpr std::string_view kMakeContiguous =
    "; `h5repack -l CONTI -f NONE IN OUT` stores it in a form that can be read";

[[noreturn]] void refuse(std::string const& where, std::string const& problem,
                         std::string_view remedy = kMakeContiguous) {
  throw NoValidCheckpoint((where + " " + problem).append(remedy));
}

std::vector<Extent> contiguous_extent(DatasetView dataset, DType dtype, Shape const& shape, std::string const& where) {
  auto const offset = offset_of(dataset);
  if (!offset) refuse(where, "was never written", "");
  Extent extent;
  extent.offset_bytes = *offset;
  extent.nbytes = volume(shape) * size_of(dtype);
  extent.box = whole(shape);
  return {extent};
}

void check_chunk(Chunk const& chunk, Shape const& shape, Dims const& sizes, Bytes nbytes, std::string const& where) {
  if (chunk.nbytes != nbytes)
    refuse(where, "has a chunk of " + format_bytes(chunk.nbytes) + " instead of " + format_bytes(nbytes));
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (chunk.position[axis] >= shape[axis] || chunk.position[axis] % sizes[axis] != 0) {
      throw CorruptData(where + " has a chunk at " + to_string(chunk.position) + ", where none can be");
    }
  }
}

std::vector<Extent> chunk_extents(DatasetView dataset, DType dtype, Shape const& shape, Dims const& sizes,
                                  std::string const& where) {
  auto const space = space_of(dataset);
  auto const stored = chunk_count(dataset, space.view());
  auto const expected = count_chunks(shape, sizes);
  if (!expected || stored < *expected) refuse(where, "has chunks that were never written");
  if (stored > kMaxChunks) refuse(where, "has " + std::to_string(stored) + " chunks, which is too many");
  auto const nbytes = checked_volume(sizes, size_of(dtype));
  if (!nbytes) refuse(where, "has chunks of impossible size", "");

  std::vector<Extent> extents;
  for (std::uint64_t index = 0; index < stored; ++index) {
    auto const chunk = chunk_at(dataset, space.view(), index);
    check_chunk(chunk, shape, sizes, *nbytes, where);
    if (extents.size() + count_parts_of_chunk(shape, sizes, chunk.position) > kMaxExtents) {
      refuse(where, "lies in millions of pieces because its chunks stick out of it");
    }
    for (auto const& part : parts_of_chunk(shape, sizes, chunk.position)) {
      Extent extent;
      extent.offset_bytes = chunk.offset_bytes + part.first_element * size_of(dtype);
      extent.nbytes = volume(part.box) * size_of(dtype);
      extent.box = part.box;
      extents.push_back(extent);
    }
  }
  std::sort(extents.begin(), extents.end(), [](Extent const& a, Extent const& b) {
    return std::lexicographical_compare(a.box.offset.begin(), a.box.offset.end(), b.box.offset.begin(),
                                        b.box.offset.end());
  });
  return extents;
}

}  // namespace

std::vector<Extent> extents_of(DatasetView dataset, DType dtype, Shape const& shape, std::string const& where) {
  if (!checked_volume(shape, size_of(dtype))) refuse(where, "has more elements than 64 bits can count", "");
  auto const storage = storage_of(dataset);
  if (storage.filters > 0) refuse(where, "is compressed or filtered");
  if (storage.external_files > 0) refuse(where, "keeps its bytes in other files");
  if (volume(shape) == 0) return {};
  switch (storage.layout) {
    case Layout::contiguous: return contiguous_extent(dataset, dtype, shape, where);
    case Layout::chunked: return chunk_extents(dataset, dtype, shape, storage.chunk, where);
    case Layout::compact: refuse(where, "is stored inside its header (compact layout)");
    case Layout::other: break;
  }
  refuse(where, "is a view of other datasets (virtual layout)");
}

}  // namespace distload::hdf5
