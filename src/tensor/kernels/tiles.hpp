/// Tiles: the parts of a transpose, by number.
#pragma once

#include <cstdint>

#include <Kokkos_Core.hpp>

#include "tensor/strided_copy.hpp"

namespace distload {

/// A square part of one matrix of a transpose.
struct Tile {
  std::uint64_t matrix = 0;
  std::uint64_t row = 0;  ///< row in the source
  std::uint64_t column = 0;
};

/// Rows and columns of a tile: 32 for the threads of a GPU, 64 for a host thread's cache.
#if defined(KOKKOS_ENABLE_CUDA)
inline constexpr std::uint64_t kTile = 32;
#else
inline constexpr std::uint64_t kTile = 64;
#endif

/// The matrices of a transpose: the last two loops of its copy.
struct Matrices {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;

  KOKKOS_INLINE_FUNCTION std::uint64_t tile_rows() const { return (rows + kTile - 1) / kTile; }
  KOKKOS_INLINE_FUNCTION std::uint64_t tile_columns() const { return (columns + kTile - 1) / kTile; }
};

KOKKOS_INLINE_FUNCTION Matrices matrices_of(StridedCopy const& copy) {
  return {copy.loops.data()[copy.loop_count - 2U].count, copy.loops.data()[copy.loop_count - 1U].count};
}

/// How many tiles a transpose has.
inline std::uint64_t tiles_of(StridedCopy const& copy) noexcept {
  auto const matrices = matrices_of(copy);
  return copy.runs() / (matrices.rows * matrices.columns) * matrices.tile_rows() * matrices.tile_columns();
}

/// Tile number `index`: first down the rows, then along the columns, then through the matrices.
KOKKOS_INLINE_FUNCTION Tile tile_of(Matrices const& matrices, std::uint64_t index) {
  auto const down = matrices.tile_rows();
  auto const along = index / down;
  return {along / matrices.tile_columns(), index % down * kTile, along % matrices.tile_columns() * kTile};
}

}  // namespace distload
