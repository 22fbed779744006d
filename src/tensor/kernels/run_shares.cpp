// Divides runs into shares.
#include "tensor/kernels/run_shares.hpp"

namespace distload {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
constexpr bool kOnHost = Kokkos::SpaceAccessibility<Space, Kokkos::HostSpace>::accessible;

/// Size of the share of one thread (host) or one team (device); a multiple of every element size.
constexpr Bytes kShareBytes = kOnHost ? 256 * kKiB : 64 * kKiB;

}  // namespace

void deal_out(std::uint32_t index, StridedCopy const& copy, std::vector<RunShare>& shares) {
  auto const runs = copy.runs();
  auto const run_bytes = copy.run_bytes;
  if (run_bytes == 0) return;
  if (run_bytes <= kShareBytes) {
    auto const step = std::max<std::uint64_t>(1, kShareBytes / run_bytes);
    for (std::uint64_t run = 0; run < runs; run += step)
      shares.push_back({.copy = index, .first_run = run, .runs = std::min(step, runs - run), .nbytes = run_bytes});
  } else {
    for (std::uint64_t run = 0; run < runs; ++run) {
      for (Bytes at = 0; at < run_bytes; at += kShareBytes)
        shares.push_back({.copy = index,
                          .first_run = run,
                          .runs = 1,
                          .begin_in_run = at,
                          .nbytes = std::min(kShareBytes, run_bytes - at)});
    }
  }
}

}  // namespace distload
