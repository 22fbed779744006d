/// StallDetector: decides from what the ranks of a node show whether the job is stuck, and says who is to blame. Pure:
/// no clock, no thread, no MPI.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace distload {

/// One rank as its Pulse shows it at one moment.
struct RankState {
  std::uint32_t rank = 0;
  std::uint64_t beats = 0;
  bool waits = false;  ///< inside an operation that needs other ranks
  std::string phase;   ///< empty: it has nothing to do
};

class StallDetector {
 public:
  using Clock = std::chrono::steady_clock;

  /// @param sees_whole_job  the node's ranks are all ranks. Where they are not, a node on which everybody only waits
  /// gives the other nodes
  ///                        a second `timeout`: whoever is stuck there is seen, and named, on its own node first.
  StallDetector(Clock::duration timeout, bool sees_whole_job) : timeout_(timeout), sees_whole_job_(sees_whole_job) {}

  /// Call it often, always with the same ranks in the same order. Returns the message for the user once no rank of the
  /// node has moved for the time-out although at least one has something to do.
  std::optional<std::string> observe(std::vector<RankState> const& states, Clock::time_point now);

 private:
  struct Seen {
    std::uint64_t beats;
    Clock::time_point moved;
  };

  void note_movement(std::vector<RankState> const& states, Clock::time_point now);
  std::string describe(std::vector<RankState> const& states, Clock::time_point now) const;

  Clock::duration timeout_;
  bool sees_whole_job_;
  std::vector<Seen> seen_;
  Clock::time_point last_movement_;
  Clock::time_point last_look_;
};

}  // namespace distload
