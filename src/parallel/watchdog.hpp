/// Watchdog: ends the job with a clear message when nothing moves any more, instead of letting it wait for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include <distload/parallel/mpi_environment.hpp>

#include "parallel/pulse.hpp"
#include "parallel/stall_detector.hpp"

namespace distload {

/// A thread per rank that looks at the pulses of all ranks of its node. When none has moved for `timeout` although one
/// has work, one of the threads prints which ranks are stuck in which phase and which merely wait for them, and aborts
/// the job with exit code 7.
///
/// A rank that is done watches no more, and does not count. Communicators of `mpi` are signs of life by themselves;
/// long local work needs `beat`.
class Watchdog {
 public:
  /// Local. `mpi` outlives the watchdog.
  Watchdog(MpiEnvironment& mpi, std::chrono::milliseconds timeout);

  /// Local: this rank has nothing to do any more.
  ~Watchdog();
  Watchdog(Watchdog const&) = delete;
  Watchdog& operator=(Watchdog const&) = delete;

  /// This rank works at `phase` from now on.
  void enter(std::string_view phase) noexcept { pulse_.enter(phase); }

  /// This rank gets on. A few nanoseconds; from any thread.
  void beat() noexcept { pulse_.beat(); }

 private:
  void watch();
  std::vector<RankState> look() const;

  JobBoard& board_;
  Pulse& pulse_;
  std::chrono::milliseconds look_interval_;
  StallDetector detector_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace distload
