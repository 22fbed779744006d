/// Kernels: the parts of the host's matrix product that are compiled once per set of instructions.
///
/// Nothing here depends on Kokkos: a file that is compiled for AVX-512 must not contain inline functions of others,
/// and functions of this header are always inlined.
#pragma once

#include <cstddef>
#include <cstdint>

#include <distload/base/dtype.hpp>

namespace distload::matmul {

inline constexpr std::size_t kSumLanes = 16;   ///< accumulators of a segment
inline constexpr std::size_t kGroupRows = 4;   ///< rows that `dot_rows` takes at once
inline constexpr std::size_t kFewTokens = 4;   ///< most tokens of a call of `dot_rows` or `add_columns`
inline constexpr std::size_t kPanelRows = 32;  ///< outputs of a panel
inline constexpr std::size_t kTileTokens = 12;

/// A weight matrix (or activations) and the rows of it that are used, as plain pointers.
struct Matrix {
  std::byte const* data = nullptr;
  DType dtype = DType::f32;
  std::uint64_t row_stride = 0;
  std::uint64_t column_stride = 1;
  std::uint32_t const* rows = nullptr;  ///< null: row o is output o
  float const* factors = nullptr;       ///< null: not scaled
  std::uint64_t factor_row_stride = 0;
  std::uint64_t factor_column_stride = 0;
  std::uint64_t block_rows = 1;
  std::uint64_t block_columns = 1;

  [[gnu::always_inline]] bool by_rows() const { return column_stride == 1; }
  [[gnu::always_inline]] std::uint64_t row(std::uint64_t output) const {
    return rows == nullptr ? output : rows[output];
  }
};

/// Activations: token t begins at data + t x stride.
struct Tokens {
  float const* data = nullptr;
  std::uint64_t stride = 0;
  std::size_t count = 0;
};

/// Columns [begin, begin + length): a segment.
struct Columns {
  std::uint64_t begin = 0;
  std::uint64_t length = 0;

  [[gnu::always_inline]] std::size_t steps() const { return (length + kSumLanes - 1) / kSumLanes; }
};

/// A packed segment of some rows holds, for every accumulator in `kLaneOrder`, its columns in ascending order, and for
/// each column the numbers of all rows. Missing columns are zero.
///
/// The order in which halving adds accumulators: neighbours in this order are added first, then neighbouring pairs.
inline constexpr std::uint8_t kLaneOrder[kSumLanes] = {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};

struct Kernels {
  /// leaves[s][t][r] = sum of segment s, for `count` <= kGroupRows outputs from `first` on and up to kFewTokens tokens.
  /// Segment s is [borders[s], borders[s + 1]). r has kGroupRows places. Precondition: by_rows().
  void (*dot_rows)(Matrix const& matrix, std::uint64_t first, std::size_t count, Tokens const& x,
                   std::uint64_t const* borders, std::size_t segments, float* leaves);

  /// sums[t][o] = sum of one segment, for `count` consecutive rows from `row` on and up to kFewTokens tokens.
  /// `lanes` has place for kSumLanes x tokens x count numbers. Preconditions: not by_rows(), not scaled.
  void (*add_columns)(Matrix const& matrix, std::uint64_t row, std::size_t count, Tokens const& x, Columns columns,
                      float* lanes, float* sums);

  /// packed[i][s][o] for `count` outputs from `first` on; places count ... width - 1 are zero.
  void (*pack)(Matrix const& matrix, std::uint64_t first, std::size_t count, Columns columns, std::size_t width,
               float* packed);

  /// sums[t][o] of a segment, for kPanelRows packed rows and `count` of kTileTokens packed tokens.
  void (*tile)(float const* rows, float const* tokens, std::size_t steps, std::size_t count, float* sums);
};

extern Kernels const kPortableKernels;
extern Kernels const kAvx2Kernels;    ///< needs AVX2, FMA and F16C
extern Kernels const kAvx512Kernels;  ///< needs AVX-512 F, BW, DQ and VL

}  // namespace distload::matmul
