/// read_runs: the runs of a call shared out over threads, for engines that read one run at a time.
#pragma once

#include <cstdint>
#include <functional>

#include "io/block_verifier.hpp"
#include "io/engine.hpp"
#include "io/read_order.hpp"

namespace distload {

/// The longest run for so many threads: what lets them share the work evenly.
constexpr Bytes longest_run_for(std::uint32_t threads) noexcept { return threads > 1 ? 16 * kMiB : kUnlimitedRun; }

/// Reads one run, with the verifier and the progress of the thread that it runs on.
using RunReader = std::function<void(Run const&, ReadOptions const&, BlockVerifier&)>;

/// Has `read_run` read all runs of `order`, on up to `threads` threads at a time, the caller's among them.
/// @throws whatever `read_run` throws first; then no further run is begun.
void read_runs(Catalog const& catalog, ReadOrder const& order, ReadOptions const& options, std::uint32_t threads,
               RunReader const& read_run);

}  // namespace distload
