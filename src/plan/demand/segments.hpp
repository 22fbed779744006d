/// Segments: divides an extent's bytes where the set of wants changes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "plan/demand/holders.hpp"

namespace distload {

/// A range of an extent that overlaps with the same wants everywhere. With checksums it begins and ends at block
/// boundaries or at the end of the extent.
struct Segment {
  Bytes begin_bytes = 0;
  Bytes end_bytes = 0;
  std::vector<std::uint32_t> wants;  ///< indices into the given wants, ascending; never empty

  Bytes nbytes() const noexcept { return end_bytes - begin_bytes; }
};

/// The bytes [begin, end) of an extent.
struct ByteRange {
  Bytes begin = 0;
  Bytes end = 0;

  Bytes nbytes() const noexcept { return end - begin; }
};

/// The shortest range of the extent that contains `box` and consists of whole slabs of the box's outermost axis. For a
/// box that is contiguous in the extent, exactly its bytes.
ByteRange covering_range(Extent const& extent, Box const& box, Bytes element_bytes);

/// The segments of `extent`, in order. Contain only bytes that a rank wants.
std::vector<Segment> segments_of(Extent const& extent, std::span<Want const> wants, Bytes element_bytes,
                                 Bytes block_bytes);

/// Divides [begin, end) of the extent into pieces of about a block: at block boundaries with checksums; without, at
/// whole rows if they are at most a block. @returns the boundaries, including begin and end.
std::vector<Bytes> cut_into_pieces(Extent const& extent, Bytes begin, Bytes end, Bytes element_bytes,
                                   Bytes block_bytes);

}  // namespace distload
