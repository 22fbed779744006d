/// plan_band: what it takes to convert one stretch of a tensor. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/base/bytes.hpp>

#include "save/stream/stream_tensor.hpp"
#include "tensor/strided_copy.hpp"

namespace distload {

/// A range of a source extent, and where it goes in the band's source area.
struct BandRead {
  std::uint32_t extent = 0;  ///< as in `StreamExtent`
  Bytes begin_bytes = 0;     ///< in the extent
  Bytes nbytes = 0;
  Bytes offset_bytes = 0;
};

/// A range of a destination extent, and where its bytes lie.
struct BandWrite {
  std::uint32_t extent = 0;
  Bytes begin_bytes = 0;
  Bytes nbytes = 0;
  bool straight = false;   ///< in the source area, as they were read; otherwise in the destination area
  Bytes offset_bytes = 0;  ///< in that area
};

/// A stretch of a tensor on its way: read, copied (and cast) to where it does not lie right already, written.
struct Band {
  std::vector<BandRead> reads;
  std::vector<StridedCopy> copies;  ///< from the source area to the destination area
  std::vector<BandWrite> writes;
  Bytes source_bytes = 0;       ///< of the source area
  Bytes destination_bytes = 0;  ///< of the destination area
};

/// The band of the elements [begin, end) of `tensor`. There is one read for each source extent that has some of them,
/// and one write for each destination extent. The areas need element size x (end - begin) bytes each, at most.
Band plan_band(StreamTensor const& tensor, std::uint64_t begin, std::uint64_t end);

}  // namespace distload
