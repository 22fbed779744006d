// Sweeps over the wanted ranges of an extent.
#include "plan/demand/segments.hpp"

#include <algorithm>

namespace distload {

ByteRange covering_range(Extent const& extent, Box const& box, Bytes element_bytes) {
  auto const& shape = extent.box.extent;
  auto local = box;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) local.offset[axis] -= extent.box.offset[axis];

  std::size_t outermost = 0;
  while (outermost < shape.size() && local.extent[outermost] == 1) ++outermost;
  auto first = local.offset;
  std::uint64_t slab = 1;  // elements of one step along the outermost axis
  for (std::size_t axis = outermost + 1; axis < shape.size(); ++axis) {
    first[axis] = 0;
    slab *= shape[axis];
  }
  auto const begin = linear_index(shape, first);
  auto const length = outermost < shape.size() ? local.extent[outermost] * slab : 1;
  return {begin * element_bytes, (begin + length) * element_bytes};
}

std::vector<Segment> segments_of(Extent const& extent, std::span<Want const> wants, Bytes element_bytes,
                                 Bytes block_bytes) {
  std::vector<ByteRange> ranges;
  std::vector<Bytes> cuts;
  ranges.reserve(wants.size());
  cuts.reserve(2 * wants.size());
  for (auto const& want : wants) {
    auto range = covering_range(extent, want.box, element_bytes);
    if (extent.has_checksums()) {
      range.begin = round_down(range.begin, block_bytes);
      range.end = std::min(round_up(range.end, block_bytes), extent.nbytes);
    }
    ranges.push_back(range);
    cuts.push_back(range.begin);
    cuts.push_back(range.end);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());

  std::vector<std::uint32_t> by_begin(wants.size());
  for (std::uint32_t i = 0; i < by_begin.size(); ++i) by_begin[i] = i;
  std::stable_sort(by_begin.begin(), by_begin.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return ranges[a].begin < ranges[b].begin; });

  std::vector<Segment> segments;
  std::vector<std::uint32_t> active;
  std::size_t next = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    std::erase_if(active, [&](std::uint32_t want) { return ranges[want].end <= cuts[i]; });
    while (next < by_begin.size() && ranges[by_begin[next]].begin <= cuts[i]) active.push_back(by_begin[next++]);
    if (active.empty()) continue;
    segments.push_back({cuts[i], cuts[i + 1], active});
    std::sort(segments.back().wants.begin(), segments.back().wants.end());
  }
  return segments;
}

std::vector<Bytes> cut_into_pieces(Extent const& extent, Bytes begin, Bytes end, Bytes element_bytes,
                                   Bytes block_bytes) {
  auto step = block_bytes;
  if (!extent.has_checksums()) {
    // A piece of whole rows is one box.
    Bytes row = element_bytes;
    for (std::size_t axis = 1; axis < extent.box.extent.size(); ++axis) row *= extent.box.extent[axis];
    if (row <= block_bytes) step = round_down(block_bytes, row);
  }
  std::vector<Bytes> boundaries{begin};
  for (auto at = round_down(begin, step) + step; at < end; at += step) boundaries.push_back(at);
  boundaries.push_back(end);
  return boundaries;
}

}  // namespace distload
