/// ReadOrder: sorts the requests of one call by file offset and joins those that one read can serve. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

#include "io/engines/engine.hpp"

namespace distload {

/// A range of one file that is read to one range of memory.
struct Run {
  std::uint32_t file = 0;  ///< index into `Catalog::files`
  Bytes offset_bytes = 0;  ///< in that file
  Bytes nbytes = 0;
  std::byte* destination = nullptr;  ///< nullptr: of requests without destination
  std::size_t first_request = 0;     ///< index into `ReadOrder::requests`
  std::size_t request_count = 0;     ///< the run's bytes are those of its requests, in order
};

struct ReadOrder {
  std::vector<ReadRequest> requests;
  std::vector<Run> runs;  ///< sorted by file and offset

  std::span<ReadRequest const> requests_of(Run const& run) const {
    return std::span(requests).subspan(run.first_request, run.request_count);
  }
};

inline constexpr Bytes kUnlimitedRun = std::numeric_limits<Bytes>::max();

/// Checks the preconditions of `ReadRequest`.
/// @throws InternalError  a range is outside its extent, or is to be verified and does not consist of whole blocks.
void check_request(Catalog const& catalog, ReadRequest const& request, bool verify = true);

/// Sorts the requests, and joins neighbours in file and memory, or in the file if they have no destination, into runs
/// of at most `longest_run` bytes (rounded up to whole blocks). Divides longer requests at block boundaries if they
/// have a destination. Drops empty requests.
/// @throws InternalError  as `check_request`.
ReadOrder order_requests(Catalog const& catalog, std::span<ReadRequest const> requests,
                         Bytes longest_run = kUnlimitedRun, bool verify = true);

/// Consecutive runs of a `ReadOrder`.
using Neighbours = std::span<Run const>;

/// Bytes that are handled in one step, so that they stay in the second-level cache.
inline constexpr Bytes kStepBytes = 512 * kKiB;
/// Shorter runs are handled together with their neighbours, because calls for each of them would take too long.
inline constexpr Bytes kShortRunBytes = 64 * kKiB;

/// Divides the runs of `order` into single runs and short neighbours of at most `kStepBytes` together.
/// @param joins  true if a run may be handled together with the first one and the previous one of its neighbours
std::vector<Neighbours> short_neighbours(
    ReadOrder const& order, std::function<bool(Run const& first, Run const& previous, Run const& run)> const& joins);

/// Assigns bytes of a run without destination, which begin at its byte `begin`, to the run's requests.
std::vector<PassingBytes> passing_bytes(Catalog const& catalog, Run const& run, std::span<ReadRequest const> requests,
                                        Bytes begin, std::span<std::byte const> bytes);

}  // namespace distload
