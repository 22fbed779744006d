/// slowest_seconds: how long something has taken all ranks.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective: seconds since `start` on the slowest rank.
inline double slowest_seconds(Communicator& world, std::chrono::steady_clock::time_point start) {
  std::vector<double> seconds{std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
  world.all_reduce(std::span<double>(seconds), Reduction::max);
  return seconds.front();
}

}  // namespace distload
