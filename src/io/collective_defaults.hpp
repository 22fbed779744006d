/// What both collective engines choose: hints for MPI-IO and the length of a round.
#pragma once

#include <distload/base/bytes.hpp>

#include "io/hints.hpp"

namespace distload {

/// `hints`, and `romio_cb_read=disable` if they are silent about it. ROMIO's collective buffering reports a full read
/// where the file has ended, and each rank's part is contiguous anyway: without it the bytes go straight to their
/// place.
inline Hints with_default_hints(Hints hints) {
  hints.try_emplace("romio_cb_read", "disable");
  return hints;
}

/// What a rank reads in one round: far below the 2 GiB that MPI and HDF5 1.10 can transfer in a call, long enough that
/// a round's agreement costs nothing, short enough to be hashed while it is in the last-level cache.
inline constexpr Bytes kRoundBytes = 16 * kMiB;

}  // namespace distload
