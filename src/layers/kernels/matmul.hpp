/// multiply: the product of activations and a weight matrix, summed in an order that follows from the model alone.
///
/// Exact arithmetic. The contraction axis is cut into segments. Each segment is summed in one fixed order:
/// kLanes accumulators start at zero; accumulator l takes the products l, l + kLanes, l + 2 kLanes, ... of the segment
/// by fused multiply-add; then the upper half of the accumulators is added to the lower half until one is left. The
/// sums of the segments are added as sum_tree.hpp says. Neither the number of tokens nor that of outputs, nor the
/// position of either in a tile, nor the processor's instructions change a bit of a result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Kokkos_Core.hpp>

#include <distload/base/dtype.hpp>
#include <distload/layers/activations.hpp>

#include "layers/kernels/numbers.hpp"

namespace distload {

/// Accumulators of a segment's sum.
#if defined(KOKKOS_ENABLE_CUDA)
inline constexpr std::uint32_t kLanes = 32;  // a warp
#else
inline constexpr std::uint32_t kLanes = 16;
#endif

/// Factors of the numbers of a scaled (FP8) matrix: number (r, k) of the shard is multiplied by
/// factors(r / block_rows * row_stride + k / block_columns * column_stride), in float32, before it is used.
struct WeightScale {
  Numbers factors;  ///< empty: the matrix is not scaled
  std::uint64_t row_stride = 0;
  std::uint64_t column_stride = 0;
  std::uint64_t block_rows = 1;
  std::uint64_t block_columns = 1;
};

/// A weight matrix as its shard holds it. One of the strides is 1.
struct WeightMatrix {
  std::byte const* data = nullptr;  ///< in `ShardSpace`
  DType dtype = DType::f32;         ///< f32, bf16, f16, f8_e4m3 or f8_e5m2
  std::uint64_t row_stride = 0;     ///< elements from one output to the next
  std::uint64_t column_stride = 1;  ///< elements from one input to the next
  WeightScale scale;
};

/// A sum of consecutive segments that is returned by itself.
struct SumNode {
  std::uint32_t first = 0;  ///< segment
  std::uint32_t count = 1;  ///< segments: a complete subtree of the tree of sums

  friend bool operator==(SumNode const&, SumNode const&) = default;
};

/// The part of the contraction axis that a shard holds.
struct LocalSegments {
  std::vector<std::uint64_t> borders;  ///< ascending, from 0 to the number of columns: segment i is [i, i + 1)
  std::vector<SumNode> nodes;          ///< disjoint, ascending, together all segments; `first` counts from borders[0]
};

/// Local: sums[n][t][o] = sum of the segments of node n of x[t][k] * weight[rows[o]][k]. `sums` has
/// nodes x tokens x outputs numbers, row-major. Is complete when it returns (host), or enqueued to the default
/// execution space (CUDA).
/// Preconditions: x has borders.back() columns; the matrix has as many, and all rows of `rows`.
void multiply(ConstActivations const& x, WeightMatrix const& weight, RowTable const& rows,
              LocalSegments const& segments, Kokkos::View<float***, Kokkos::LayoutRight, ShardSpace> const& sums);

}  // namespace distload
