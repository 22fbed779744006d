/// pack and tile: many tokens. Weights and tokens are packed so that a register tile reads both in ascending order, and
/// so that the accumulators of a segment are computed one after the other, each for all outputs and tokens of the tile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layers/kernels/kernels.hpp"
#include "layers/kernels/widen.hpp"

namespace distload::matmul {

/// block[k][o]: kSumLanes columns from columns.begin on, of which `columns.length` exist, of up to kSumLanes outputs.
template <class Format, class Simd>
inline void load_rows(Matrix const& matrix, std::uint64_t first, std::size_t count, Columns columns,
                      float (&block)[kSumLanes][kSumLanes]) {
  for (std::size_t o = 0; o < count; ++o) {
    widen_row<Format, Simd>(matrix, matrix.row(first + o), columns.begin, columns.length, block[o]);
  }
  if (count < kSumLanes) std::memset(block[count], 0, (kSumLanes - count) * sizeof block[0]);
  Simd::transpose(block);
}

/// Consecutive numbers of a column: those of the rows of `count` outputs, zero behind them.
template <class Format, class Simd>
inline void load_column(Matrix const& matrix, std::uint64_t first, std::size_t count, std::uint64_t column, float* to) {
  auto const* const data = matrix.data + column * matrix.column_stride * Format::kBytes;
  if (matrix.rows == nullptr) {
    widen<Format, Simd>(data + first * Format::kBytes, count, to);
  } else {
    std::byte gathered[kSumLanes * Format::kBytes];
    for (std::size_t o = 0; o < count; ++o) {
      std::memcpy(gathered + o * Format::kBytes, data + matrix.rows[first + o] * Format::kBytes, Format::kBytes);
    }
    widen<Format, Simd>(gathered, count, to);
  }
  if (matrix.factors == nullptr) return;
  for (std::size_t o = 0; o < count; ++o) to[o] *= factor_of<Simd>(matrix, matrix.row(first + o), column);
}

/// The same block of a transposed matrix.
template <class Format, class Simd>
inline void load_columns(Matrix const& matrix, std::uint64_t first, std::size_t count, Columns columns,
                         float (&block)[kSumLanes][kSumLanes]) {
  for (std::size_t k = 0; k < columns.length; ++k) {
    load_column<Format, Simd>(matrix, first, count, columns.begin + k, block[k]);
  }
  if (columns.length < kSumLanes) {
    std::memset(block[columns.length], 0, (kSumLanes - columns.length) * sizeof block[0]);
  }
}

template <class Simd>
void pack(Matrix const& matrix, std::uint64_t first, std::size_t count, Columns columns, std::size_t width,
          float* packed) {
  auto const steps = columns.steps();
  alignas(64) float block[kSumLanes][kSumLanes];
  with_format(matrix.dtype, [&]<class Format>(Format) {
    for (std::size_t o = 0; o < width; o += kSumLanes) {
      auto const places = width - o < kSumLanes ? width - o : kSumLanes;
      auto const outputs = count <= o ? 0 : count - o < places ? count - o : places;
      for (std::size_t step = 0; step < steps; ++step) {
        auto const left = columns.length - step * kSumLanes;
        Columns const part{columns.begin + step * kSumLanes, left < kSumLanes ? left : kSumLanes};
        if (outputs == 0) {
          std::memset(block, 0, sizeof block);
        } else if (matrix.by_rows()) {
          load_rows<Format, Simd>(matrix, first + o, outputs, part, block);
        } else {
          load_columns<Format, Simd>(matrix, first + o, outputs, part, block);
        }
        for (std::size_t i = 0; i < kSumLanes; ++i) {
          std::memcpy(packed + (i * steps + step) * width + o, block[kLaneOrder[i]], places * sizeof(float));
        }
      }
    }
  });
}

/// The sums of two vectors of outputs and `Count` tokens; `sums` has rows of kPanelRows.
template <class Simd, std::size_t Count>
inline void register_tile(float const* rows, float const* tokens, std::size_t steps, float* sums) {
  constexpr std::size_t kLevels = 4;  // 2^kLevels = kSumLanes
  constexpr std::size_t kWidth = Simd::kWidth;
  using Vector = typename Simd::Vector;
  Vector pending[kLevels][Count][2];
  for (std::size_t i = 0; i < kSumLanes; ++i) {
    Vector lane[Count][2];
    for (std::size_t t = 0; t < Count; ++t) lane[t][0] = lane[t][1] = Simd::zero();
    for (std::size_t step = 0; step < steps; ++step) {
      auto const first = Simd::load(rows);
      auto const second = Simd::load(rows + kWidth);
#pragma GCC unroll 12
      for (std::size_t t = 0; t < Count; ++t) {
        auto const number = Simd::broadcast(tokens[t]);
        lane[t][0] = Simd::fma(first, number, lane[t][0]);
        lane[t][1] = Simd::fma(second, number, lane[t][1]);
      }
      rows += kPanelRows;
      tokens += kTileTokens;
    }
    std::size_t level = 0;
    for (; (i >> level & 1U) != 0; ++level) {
#pragma GCC unroll 12
      for (std::size_t t = 0; t < Count; ++t) {
        lane[t][0] = Simd::add(pending[level][t][0], lane[t][0]);
        lane[t][1] = Simd::add(pending[level][t][1], lane[t][1]);
      }
    }
    auto const last = level == kLevels;
#pragma GCC unroll 12
    for (std::size_t t = 0; t < Count; ++t) {
      if (last) {
        Simd::store(sums + t * kPanelRows, lane[t][0]);
        Simd::store(sums + t * kPanelRows + kWidth, lane[t][1]);
      } else {
        pending[level][t][0] = lane[t][0];
        pending[level][t][1] = lane[t][1];
      }
    }
  }
}

template <class Simd>
void tile(float const* rows, float const* tokens, std::size_t steps, std::size_t count, float* sums) {
  constexpr auto kMost = Simd::kTokens;
  for (std::size_t o = 0; o < kPanelRows; o += 2 * Simd::kWidth) {
    for (std::size_t t = 0; t < count; t += kMost) {
      auto const left = count - t;
      auto* const to = sums + t * kPanelRows + o;
      if (left <= kMost / 3) {
        register_tile<Simd, kMost / 3>(rows + o, tokens + t, steps, to);
      } else if (left <= kMost * 2 / 3) {
        register_tile<Simd, kMost * 2 / 3>(rows + o, tokens + t, steps, to);
      } else {
        register_tile<Simd, kMost>(rows + o, tokens + t, steps, to);
      }
    }
  }
}

}  // namespace distload::matmul
