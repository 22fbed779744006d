/// Watchdog: ends a job in which no rank makes progress any more.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <distload/parallel/mpi_environment.hpp>

namespace distload {

class Heartbeat;

/// A thread per rank watches all ranks of its node. The nodes send what they see to the node of rank 0, by UDP, since
/// MPI itself may be stuck. When no rank has made progress for `timeout` while one is inside distload, the job ends
/// with exit code 7 and one message. It names the ranks that are stopped or stuck, those that have not made the call in
/// which the others wait, and those that wait, each with host and phase.
///
/// Calls of Loader and Saver, and each piece of a message of the communicators of `mpi`, count as progress. Outside of
/// such calls a rank is not watched, unless it has called `enter`. Every rank makes one watchdog.
class Watchdog {
 public:
  /// Options of a watchdog.
  struct Options {
    /// How long no rank may make progress.
    std::chrono::milliseconds timeout{300'000};
    /// Called with the message, instead of ending the job, by the watching thread of each rank of a node that has found
    /// the stall; again after each further `timeout` without progress. Empty: prints the message and ends the job.
    std::function<void(std::string const& message)> on_stall = {};
  };

  /// Local. The watchdog is destroyed before `mpi` and its `finalize`; a process has one at a time.
  /// @throws ConfigError  `timeout` is not positive, or `mpi` has been finalized.
  Watchdog(MpiEnvironment& mpi, std::chrono::milliseconds timeout);
  /// Local: likewise.
  Watchdog(MpiEnvironment& mpi, Options options);

  /// Local: this rank is not watched any more.
  ~Watchdog();
  Watchdog(Watchdog const&) = delete;
  Watchdog& operator=(Watchdog const&) = delete;

  /// From now on this rank is watched in `phase`; empty: it is not watched.
  void enter(std::string_view phase) noexcept;

  /// This rank has made progress. Takes a few nanoseconds; from any thread.
  void beat() noexcept;

 private:
  class Watcher;

  Heartbeat& heartbeat_;
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace distload
