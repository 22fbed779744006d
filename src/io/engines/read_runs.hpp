/// Reading of runs: distributes the runs of a call over threads, and verifies and passes on what is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "io/engines/block_verifier.hpp"
#include "io/engines/engine.hpp"
#include "io/engines/read_order.hpp"
#include "io/files/input_file.hpp"

namespace distload {

/// Maximum length of a run, such that `threads` threads get about the same work.
constexpr Bytes longest_run_for(std::uint32_t threads) noexcept { return threads > 1 ? 16 * kMiB : kUnlimitedRun; }

/// A run that one thread is reading.
class ActiveRun {
 public:
  /// All arguments outlive the object. `verifier` belongs to the thread.
  ActiveRun(Catalog const& catalog, Run const& run, std::span<ReadRequest const> requests, ReadOptions const& options,
            BlockVerifier& verifier);

  Run const& run() const noexcept { return run_; }
  /// True if the run is compared with checksums.
  bool is_verified() const noexcept { return is_verified_; }

  /// Must be called before the first bytes are passed to `take`.
  void start() const;

  /// Compares the next bytes of the run with checksums, if there are any.
  /// @throws CorruptData
  void verify(std::span<std::byte const> bytes) const;

  /// Takes bytes of the run, which arrive in order from `begin` on: verifies them, passes them to `on_bytes` if the run
  /// has no destination, and calls `on_progress`.
  /// @throws CorruptData
  void take(Bytes begin, std::span<std::byte const> bytes) const;

  /// Reads bytes of the run from `begin` on to `memory` with pread.
  /// @throws CorruptData, IoError
  void fetch(InputFile const& file, Bytes begin, std::span<std::byte> memory) const;

  /// The same, and takes them.
  /// @throws CorruptData, IoError
  void read_part(InputFile const& file, Bytes begin, std::span<std::byte> memory) const;

  /// Reads the run to its destination with pread, in steps of `step_bytes`. Takes each step while it is cached.
  /// @throws CorruptData, IoError
  void read_in_steps(InputFile const& file, Bytes step_bytes) const;

  /// Reads bytes [begin, end) of the run through a small per-thread buffer, for bytes that are not kept, and takes
  /// them.
  /// @throws CorruptData, IoError
  void read_passing(InputFile const& file, Bytes begin, Bytes end) const;

  /// Reports the run to `on_skipped` and `on_progress` without reading it.
  void skip_bytes() const {
    options_.on_skipped(run_.nbytes);
    options_.on_progress(run_.nbytes);
  }

 private:
  Catalog const& catalog_;
  Run const& run_;
  std::span<ReadRequest const> requests_;
  ReadOptions const& options_;
  BlockVerifier& verifier_;
  bool is_verified_;
};

/// Does the unit of work with that number. Several threads may call it at the same time, each with its own verifier.
using WorkUnit = std::function<void(std::size_t, ReadOptions const&, BlockVerifier&)>;

/// Calls `unit` for the numbers below `count`, on up to `threads` threads including the calling one, with options whose
/// `on_progress` and `on_skipped` any of them may call.
/// @throws the first exception of `unit`; no further unit is then begun.
void share_out(Catalog const& catalog, std::size_t count, ReadOptions const& options, std::uint32_t threads,
               WorkUnit const& unit);

/// Gets the bytes of a run, to its destination if it has one.
using RunBytes = std::function<std::span<std::byte const>(ActiveRun const&)>;

/// Takes neighbours: gets and verifies the bytes of each, then passes those without destination to `on_bytes` in one
/// call, and calls `on_progress` once.
/// @throws CorruptData, or what `bytes_of` throws
void take_together(Catalog const& catalog, Neighbours runs, ReadOrder const& order, ReadOptions const& options,
                   BlockVerifier& verifier, RunBytes const& bytes_of);

/// The calling thread's memory for `kStepBytes` that are not kept.
std::span<std::byte> passing_buffer();

}  // namespace distload
