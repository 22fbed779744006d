/// plan_band: the reads, copies and writes that convert a range of a tensor. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/base/bytes.hpp>

#include "save/stream/stream_tensor.hpp"
#include "tensor/strided_copy.hpp"

namespace distload {

/// A range of a source extent and its position in the band's source area.
struct BandRead {
  std::uint32_t extent = 0;  ///< as in `StreamExtent`
  Bytes begin_bytes = 0;     ///< in the extent
  Bytes nbytes = 0;
  Bytes offset_bytes = 0;
};

/// A range of a destination extent and the position of its bytes.
struct BandWrite {
  std::uint32_t extent = 0;
  Bytes begin_bytes = 0;
  Bytes nbytes = 0;
  bool straight = false;   ///< written from the source area as read; otherwise from the destination area
  Bytes offset_bytes = 0;  ///< in that area
};

/// The conversion of a range of a tensor: read, copied (and cast) unless already in order, and written.
struct Band {
  std::vector<BandRead> reads;
  std::vector<StridedCopy> copies;  ///< from the source area to the destination area
  std::vector<BandWrite> writes;
  Bytes source_bytes = 0;       ///< of the source area
  Bytes destination_bytes = 0;  ///< of the destination area
};

/// The band of the elements [begin, end) of `tensor`: one read per source extent and one write per destination extent
/// with such elements. Each area needs at most element size x (end - begin) bytes.
Band plan_band(StreamTensor const& tensor, std::uint64_t begin, std::uint64_t end);

}  // namespace distload
