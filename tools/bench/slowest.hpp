/// slowest_seconds: elapsed time of the slowest rank.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "base/scope_timer.hpp"

namespace distload {

/// Collective: seconds since `start` on the slowest rank.
inline double slowest_seconds(Communicator& world, std::chrono::steady_clock::time_point start) {
  std::vector<double> seconds{seconds_since(start)};
  world.all_reduce(std::span<double>(seconds), Reduction::max);
  return seconds.front();
}

}  // namespace distload
