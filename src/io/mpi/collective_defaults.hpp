/// Settings of both collective engines: hints for MPI-IO and the size of a round.
#pragma once

#include <distload/base/bytes.hpp>

#include "io/engines/hints.hpp"

namespace distload {

/// `hints`, with `romio_cb_read=disable` and `romio_ds_read=disable` added unless set. Ranks read large runs, which
/// without collective buffering and data sieving are read directly into their destination.
inline Hints with_default_hints(Hints hints) {
  hints.try_emplace("romio_cb_read", "disable");
  hints.try_emplace("romio_ds_read", "disable");
  return hints;
}

/// Bytes that a rank reads in one round: far below the 2 GiB per call of MPI and HDF5 1.10, large enough that the
/// agreement per round costs nothing, small enough to be hashed in the last-level cache.
inline constexpr Bytes kRoundBytes = 16 * kMiB;

}  // namespace distload
