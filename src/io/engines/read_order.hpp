/// ReadOrder: the requests of one call put into the order of the file and joined where one read can serve
/// several. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

#include "io/engines/engine.hpp"

namespace distload {

/// A stretch of one file that goes to one stretch of memory.
struct Run {
  std::uint32_t file = 0;  ///< index into `Catalog::files`
  Bytes offset_bytes = 0;  ///< in that file
  Bytes nbytes = 0;
  std::byte* destination = nullptr;
  std::size_t first_request =
      0;  ///< index into `ReadOrder::requests`; the run's bytes are those of its requests, in order
  std::size_t request_count = 0;
};

struct ReadOrder {
  std::vector<ReadRequest> requests;
  std::vector<Run> runs;  ///< by file and offset

  std::span<ReadRequest const> requests_of(Run const& run) const {
    return std::span(requests).subspan(run.first_request, run.request_count);
  }
};

inline constexpr Bytes kUnlimitedRun = std::numeric_limits<Bytes>::max();

/// Checks what `ReadRequest` promises.
/// @throws InternalError  a range outside its extent, or one with checksums that is to be verified and does not consist
/// of whole blocks.
void check_request(Catalog const& catalog, ReadRequest const& request, bool verify = true);

/// Sorts, and joins neighbours in file and memory into runs of at most `longest_run` bytes (rounded up to
/// whole blocks), cutting longer requests between blocks. Empty requests disappear; those without destination stay as
/// they are.
/// @throws InternalError  as `check_request`.
ReadOrder order_requests(Catalog const& catalog, std::span<ReadRequest const> requests,
                         Bytes longest_run = kUnlimitedRun, bool verify = true);

}  // namespace distload
