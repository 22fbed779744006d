/// Backoff: waits for other ranks with little use of the core.
#pragma once

#include <chrono>
#include <thread>

namespace distload {

/// MPI waits by spinning, which takes the core from this rank's reading thread or, on an oversubscribed node, from the
/// rank being waited for. Backoff spins only briefly before it sleeps, so that ranks that arrive at about the same time
/// lose no time.
class Backoff {
 public:
  /// Call it between two polls.
  void wait() const {
    constexpr auto kSpin = std::chrono::microseconds(100);
    constexpr auto kNap = std::chrono::microseconds(20);
    if (std::chrono::steady_clock::now() - start_ > kSpin) std::this_thread::sleep_for(kNap);
  }

  /// Call it after progress: spinning starts again.
  void renew() { start_ = std::chrono::steady_clock::now(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace distload
