// One kernel for a list of transposes. Works in tiles, so that reads and writes are consecutive on both sides.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "tensor/kernels/convert.hpp"
#include "tensor/kernels/list_kernels.hpp"
#include "tensor/kernels/run_shares.hpp"
#include "tensor/kernels/tiles.hpp"

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;

/// Addresses and size of a tile on both sides.
struct TileMove {
  std::byte const* source = nullptr;
  std::byte* destination = nullptr;
  Bytes source_stride = 0;       ///< between rows of the source
  Bytes destination_stride = 0;  ///< between columns of the source, which are rows of the destination
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
};

/// Distance between columns of a tile in shared memory, in elements; one more than the tile, which avoids bank
/// conflicts.
constexpr std::uint64_t kPitch = kTile + 1;

KOKKOS_INLINE_FUNCTION TileMove move_of(BoundCast const& cast, Tile const& tile) {
  auto const& copy = cast.bound.copy;
  auto const& rows = copy.loops.data()[copy.loop_count - 2U];
  auto const& columns = copy.loops.data()[copy.loop_count - 1U];
  // The runs of a copy are single elements, in the order of its loops.
  auto const first = (tile.matrix * rows.count + tile.row) * columns.count + tile.column;
  auto const at = offsets_of(copy, first);
  auto const rest_rows = rows.count - tile.row;
  auto const rest_columns = columns.count - tile.column;
  return {cast.bound.source + at.source,
          cast.bound.destination + at.destination,
          rows.source_stride,
          columns.destination_stride,
          rest_rows < kTile ? rest_rows : kTile,
          rest_columns < kTile ? rest_columns : kTile};
}

/// Keeps the element type.
template <class Bits>
struct Plain {
  Bits bits;
};

template <class To, class From>
KOKKOS_INLINE_FUNCTION To element(From from, std::uint64_t& overflows) {
  if constexpr (std::is_same_v<From, To>) {
    return from;
  } else {
    auto const to = convert::convert<To>(from);
    overflows += convert::overflowed(from, to) ? 1U : 0U;
    return to;
  }
}

#if defined(KOKKOS_ENABLE_CUDA)
using Team = Kokkos::TeamPolicy<Space>::member_type;
constexpr std::size_t kTileBytes = kTile * kPitch * sizeof(std::uint64_t);

/// Moves a tile with all threads of a team, through their shared memory.
struct TileMover {
  Team const& team;

  /// @returns how many numbers overflowed on the calling thread.
  template <class From, class To>
  KOKKOS_INLINE_FUNCTION std::uint64_t run(TileMove const& move) const {
    auto const tile_bytes = kTileBytes;  // a host constant has no address on the device
    auto* const tile = static_cast<To*>(team.team_scratch(0).get_shmem(tile_bytes));
    std::uint64_t overflows = 0;
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, move.rows * move.columns), [&](std::uint64_t i) {
      auto const row = i / move.columns;
      auto const column = i % move.columns;
      auto const* const from = reinterpret_cast<From const*>(move.source + row * move.source_stride);
      tile[column * kPitch + row] = element<To>(from[column], overflows);
    });
    team.team_barrier();
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, move.rows * move.columns), [&](std::uint64_t i) {
      auto const column = i / move.rows;
      auto const row = i % move.rows;
      reinterpret_cast<To*>(move.destination + column * move.destination_stride)[row] = tile[column * kPitch + row];
    });
    return overflows;
  }
};
#else
/// Moves a tile on one host thread, through a buffer that fits into the L1 cache.
struct TileMover {
  /// @returns how many numbers overflowed.
  template <class From, class To>
  std::uint64_t run(TileMove const& move) const {
    To tile[kTile * kPitch];
    std::uint64_t overflows = 0;
    for (std::uint64_t row = 0; row < move.rows; ++row) {
      auto const* const source = move.source + row * move.source_stride;
      for (std::uint64_t column = 0; column < move.columns; ++column) {
        From from;
        std::memcpy(&from, source + column * sizeof from, sizeof from);
        tile[column * kPitch + row] = element<To>(from, overflows);
      }
    }
    for (std::uint64_t column = 0; column < move.columns; ++column) {
      std::memcpy(move.destination + column * move.destination_stride, tile + column * kPitch, move.rows * sizeof(To));
    }
    return overflows;
  }
};
#endif

template <class From>
KOKKOS_INLINE_FUNCTION std::uint64_t run_from(DType to, TileMove const& move, TileMover const& mover) {
  switch (to) {
    case DType::f32: return mover.template run<From, convert::F32>(move);
    case DType::f16: return mover.template run<From, convert::F16>(move);
    case DType::bf16: return mover.template run<From, convert::BF16>(move);
    default: return 0;  // not accepted by `can_cast`
  }
}

KOKKOS_INLINE_FUNCTION std::uint64_t run_tile(BoundCast const& cast, Tile const& tile, TileMover const& mover) {
  auto const move = move_of(cast, tile);
  if (cast.cast.from == cast.cast.to) {
    switch (cast.bound.copy.run_bytes) {
      case 1: return mover.template run<Plain<std::uint8_t>, Plain<std::uint8_t>>(move);
      case 2: return mover.template run<Plain<std::uint16_t>, Plain<std::uint16_t>>(move);
      case 4: return mover.template run<Plain<std::uint32_t>, Plain<std::uint32_t>>(move);
      default: return mover.template run<Plain<std::uint64_t>, Plain<std::uint64_t>>(move);
    }
  }
  switch (cast.cast.from) {
    case DType::f64: return run_from<convert::F64>(cast.cast.to, move, mover);
    case DType::f32: return run_from<convert::F32>(cast.cast.to, move, mover);
    case DType::f16: return run_from<convert::F16>(cast.cast.to, move, mover);
    case DType::bf16: return run_from<convert::BF16>(cast.cast.to, move, mover);
    default: return 0;  // not accepted by `can_cast`
  }
}

/// Tile number `number` of a list.
KOKKOS_INLINE_FUNCTION std::uint64_t run_tile_of(CopyList const& list, std::uint64_t number, TileMover const& mover) {
  auto const& listed = copy_of_share(list, number);
  auto const tile = tile_of(matrices_of(listed.cast.bound.copy), number - listed.first_share);
  return run_tile(listed.cast, tile, mover);
}

}  // namespace

void enqueue_transpose_list(Space const& space, CopyList const& list, OverflowCount const& overflows,
                            char const* label) {
  if (list.shares == 0) return;
#if defined(KOKKOS_ENABLE_CUDA)
  auto policy = Kokkos::TeamPolicy<Space>(space, static_cast<int>(list.shares), Kokkos::AUTO);
  policy.set_scratch_size(0, Kokkos::PerTeam(kTileBytes));
  Kokkos::parallel_for(
      label, policy, KOKKOS_LAMBDA(Team const& team) {
        auto const found = run_tile_of(list, static_cast<std::uint64_t>(team.league_rank()), TileMover{team});
        if (found > 0) Kokkos::atomic_add(&overflows(), found);
      });
#else
  std::uint64_t found = 0;
  Kokkos::parallel_reduce(
      label, Kokkos::RangePolicy<Space>(space, 0, list.shares),
      [list](std::size_t number, std::uint64_t& sum) { sum += run_tile_of(list, number, TileMover{}); }, found);
  overflows() += found;
#endif
}

void enqueue_transposes(Space const& space, std::span<BoundCast const> transposes, OverflowCount const& overflows,
                        char const* label) {
  CopyList list;
  auto const memory = listed(space, {transposes.begin(), transposes.end()}, &tiles_of, list);
  enqueue_transpose_list(space, list, overflows, label);
  space.fence("distload: the list of transposes ends here");
}

}  // namespace distload
