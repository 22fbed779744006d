/// slowest_seconds, time_on_all_ranks: elapsed time of the slowest rank.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include <distload/parallel/communicator.hpp>

#include "base/scope_timer.hpp"
#include "parallel/all_or_throw.hpp"

namespace distload {

/// Collective: seconds since `start` on the slowest rank.
inline double slowest_seconds(Communicator& world, std::chrono::steady_clock::time_point start) {
  std::vector<double> seconds{seconds_since(start)};
  world.all_reduce(std::span<double>(seconds), Reduction::max);
  return seconds.front();
}

/// Collective: runs the local `work` on all ranks, which start together. @returns the seconds of the slowest rank.
template <class F>
double time_on_all_ranks(Communicator& world, char const* phase, F const& work) {
  world.barrier();
  auto const start = std::chrono::steady_clock::now();
  all_or_throw(world, phase, work);
  return slowest_seconds(world, start);
}

}  // namespace distload
