/// Watchdog: ends the job with a clear message when nothing moves any more, instead of letting it wait for ever.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <distload/parallel/mpi_environment.hpp>

namespace distload {

class Heartbeat;

/// A thread per rank that watches all ranks of its node, and on the node of rank 0 those of the other nodes as well,
/// which send what they see (by UDP, since MPI may be what is stuck). When none has moved for `timeout` although one is
/// inside distload, the job is ended with exit code 7 and one message: which ranks are stopped or stuck, which have not
/// called what the others wait in, and which merely wait, each with host and phase.
///
/// Loader and Saver tell what they are at by themselves, and so do the communicators of `mpi`, with every piece of a
/// message; outside of their calls nothing is expected of a rank unless `enter` says so. Every rank makes one.
class Watchdog {
 public:
  struct Options {
    /// How long nothing may move.
    std::chrono::milliseconds timeout{300'000};
    /// Called instead of ending the job, with the message, by the watching thread of each rank that has noticed; those
    /// of one node do. It is called again after another `timeout` without movement. Empty: prints the message, ends
    /// the job.
    std::function<void(std::string const& message)> on_stall = {};
  };

  /// Local. `mpi` outlives the watchdog; there is at most one at a time.
  Watchdog(MpiEnvironment& mpi, std::chrono::milliseconds timeout);
  Watchdog(MpiEnvironment& mpi, Options options);

  /// Local: this rank has nothing to do any more.
  ~Watchdog();
  Watchdog(Watchdog const&) = delete;
  Watchdog& operator=(Watchdog const&) = delete;

  /// This rank works at `phase` from now on, until the next call; empty: at nothing that others wait for.
  void enter(std::string_view phase) noexcept;

  /// This rank gets on. A few nanoseconds; from any thread.
  void beat() noexcept;

 private:
  class Watcher;

  Heartbeat& heartbeat_;
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace distload
