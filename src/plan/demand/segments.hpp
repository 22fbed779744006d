/// Segments: an extent's bytes cut where the set of those who want them changes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "plan/demand/holders.hpp"

namespace distload {

/// A range of an extent in which the same wants reach in. With checksums it begins and ends at block boundaries (or the
/// extent's end).
struct Segment {
  Bytes begin_bytes = 0;
  Bytes end_bytes = 0;
  std::vector<std::uint32_t> wants;  ///< indices into the wants given, ascending; never empty

  Bytes nbytes() const noexcept { return end_bytes - begin_bytes; }
};

/// The bytes [begin, end) of an extent.
struct ByteRange {
  Bytes begin = 0;
  Bytes end = 0;

  Bytes nbytes() const noexcept { return end - begin; }
};

/// The shortest range of the extent's elements that holds `box` and is made of whole slabs of the box's outermost axis.
/// A box that is contiguous in the extent gives exactly its own bytes.
ByteRange covering_range(Extent const& extent, Box const& box, Bytes element_bytes);

/// The segments of `extent`, in order. Bytes that no rank wants lie in none.
std::vector<Segment> segments_of(Extent const& extent, std::span<Want const> wants, Bytes element_bytes,
                                 Bytes block_bytes);

/// Cuts [begin, end) of the extent into pieces of about a block: at block boundaries with checksums, at whole rows
/// without where rows are small enough. @returns the boundaries, begin and end included.
std::vector<Bytes> cut_into_pieces(Extent const& extent, Bytes begin, Bytes end, Bytes element_bytes,
                                   Bytes block_bytes);

}  // namespace distload
