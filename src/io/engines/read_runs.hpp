/// read_runs: the runs of a call shared out over threads, for engines that read with pread, one run at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "io/engines/block_verifier.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/read_order.hpp"
#include "io/files/input_file.hpp"

namespace distload {

/// The longest run for so many threads: what lets them share the work evenly.
constexpr Bytes longest_run_for(std::uint32_t threads) noexcept { return threads > 1 ? 16 * kMiB : kUnlimitedRun; }

/// A run that is being read, by one thread.
class ActiveRun {
 public:
  /// All of them outlive it. `verifier` is the thread's own.
  ActiveRun(Catalog const& catalog, Run const& run, std::span<ReadRequest const> requests, ReadOptions const& options,
            BlockVerifier& verifier);

  Run const& run() const noexcept { return run_; }
  /// True if what is read is held against checksums.
  bool is_verified() const noexcept { return is_verified_; }

  /// Reads step by step with pread, each to where `memory_for` says of its begin in the run; verifies each while it is
  /// in the cache, shows what has no destination, and tells of it.
  /// @throws CorruptData, IoError
  void read_in_steps(InputFile const& file, Bytes step_bytes, std::function<std::byte*(Bytes)> const& memory_for) const;

  /// The same for what need not stay: through a small buffer of the thread's own. `before_step` is told of each step's
  /// begin in the run.
  void read_passing(
      InputFile const& file, std::function<void(Bytes)> const& before_step = [](Bytes) {}) const;

  /// Counts as read, though nothing is.
  void skip_bytes() const { options_.on_progress(run_.nbytes); }

 private:
  Catalog const& catalog_;
  Run const& run_;
  std::span<ReadRequest const> requests_;
  ReadOptions const& options_;
  BlockVerifier& verifier_;
  bool is_verified_;
};

using RunReader = std::function<void(ActiveRun const&)>;

/// Has `read_run` read all runs of `order`, on up to `threads` threads at a time, the caller's among them.
/// @throws whatever `read_run` throws first; then no further run is begun.
void read_runs(Catalog const& catalog, ReadOrder const& order, ReadOptions const& options, std::uint32_t threads,
               RunReader const& read_run);

}  // namespace distload
