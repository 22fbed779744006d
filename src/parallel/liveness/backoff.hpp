/// Backoff: waiting for other ranks without keeping the core from those who work.
#pragma once

#include <chrono>
#include <thread>

namespace distload {

/// MPI's own waiting never sleeps, which takes the core from this rank's reading thread or, on a crowded node, from the
/// rank that everybody waits for. Who waits here spins for a moment first: ranks that come at about the same time lose
/// nothing.
class Backoff {
 public:
  /// Call it between two looks at what is waited for.
  void wait() const {
    constexpr auto kSpin = std::chrono::microseconds(100);
    constexpr auto kNap = std::chrono::microseconds(20);
    if (std::chrono::steady_clock::now() - start_ > kSpin) std::this_thread::sleep_for(kNap);
  }

  /// Something has come: the next moment is spun away again.
  void renew() { start_ = std::chrono::steady_clock::now(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace distload
