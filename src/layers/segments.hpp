/// The segments that a contraction axis is cut into, on every topology alike.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/load/sharded_model.hpp>

#include "layers/bound_shard.hpp"
#include "layers/kernels/matmul.hpp"

namespace distload {

/// Segments of an axis of that width, e.g. of an MLP: as many as 1, 2, 3, 4, 6, 8, 12, 16, 24 and 48 ranks can share,
/// wherever these numbers divide the width.
std::uint32_t segments_of_width(std::uint64_t width) noexcept;

/// How the ranks of a group hold the segments of an axis.
struct SharedSegments {
  std::uint32_t segments = 1;               ///< of the whole axis
  LocalSegments local;                      ///< that this rank holds
  std::vector<std::vector<SumNode>> nodes;  ///< by rank, the sums that each contributes
  bool is_exact = true;                     ///< false: cuts are beside borders, and each rank's part is one node
};

/// Of an axis of `width` numbers in `segments` equal segments, of which each rank holds a range, in rank order.
/// Precondition: segments divides width; the ranges together are the axis.
SharedSegments share_segments(std::uint64_t width, std::uint32_t segments, std::vector<Range> const& of_ranks,
                              std::uint32_t rank);

}  // namespace distload
