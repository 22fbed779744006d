/// What both collective engines choose: hints for MPI-IO and the length of a round.
#pragma once

#include <distload/base/bytes.hpp>

#include "io/engines/hints.hpp"

namespace distload {

/// `hints`, and `romio_cb_read=disable` and `romio_ds_read=disable` if they are silent about it. What ranks read are
/// large runs: without collective buffering and data sieving these go straight to their place.
inline Hints with_default_hints(Hints hints) {
  hints.try_emplace("romio_cb_read", "disable");
  hints.try_emplace("romio_ds_read", "disable");
  return hints;
}

/// What a rank reads in one round: far below the 2 GiB that MPI and HDF5 1.10 can transfer in a call, long enough that
/// a round's agreement costs nothing, short enough to be hashed while it is in the last-level cache.
inline constexpr Bytes kRoundBytes = 16 * kMiB;

}  // namespace distload
