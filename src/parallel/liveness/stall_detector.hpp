/// StallDetector: decides from what the ranks show whether the job is stuck, and says who is to blame. Pure: no clock,
/// no thread, no MPI.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace distload {

/// One rank as its Heartbeat shows it at one moment.
struct RankState {
  std::uint32_t rank = 0;
  std::uint64_t beats = 0;
  bool waits = false;          ///< inside an operation that needs other ranks
  std::string phase;           ///< empty: it has nothing to do
  std::string call = {};       ///< the function of the library that it is in; empty: none
  std::string host = {};       ///< empty: not known
  std::uint64_t looks = 0;     ///< of its watchdog
  bool is_watched = false;     ///< it has a watchdog: a process whose watchdog does not look is stopped or gone
  bool is_known = true;        ///< false: nothing has been heard of it yet
  std::string condition = {};  ///< what the system says of a process that does not run: "stopped"
};

class StallDetector {
 public:
  using Clock = std::chrono::steady_clock;

  explicit StallDetector(Clock::duration timeout) : timeout_(timeout) {}

  /// Call it often, always with the same ranks in the same order. Returns the message for the user once no rank has
  /// moved for the time-out although at least one has something to do. If some ranks are not known, and those that are
  /// only wait, it takes twice as long: a rank that is stuck there is named by others first.
  std::optional<std::string> observe(std::vector<RankState> const& states, Clock::time_point now);

  /// Counts from now on.
  void forgive(Clock::time_point now) { last_movement_ = now; }

  /// When a rank has moved last, as far as has been seen.
  Clock::time_point last_movement() const noexcept { return last_movement_; }

  /// True if that rank, by its place in the states, has a watchdog that has not looked for a quarter of the time-out.
  bool is_silent(std::vector<RankState> const& states, std::size_t place, Clock::time_point now) const;

 private:
  struct Seen {
    std::uint64_t beats = 0;
    Clock::time_point moved;
    std::uint64_t looks = 0;
    Clock::time_point looked;
  };

  void note_movement(std::vector<RankState> const& states, Clock::time_point now);
  std::string describe(std::vector<RankState> const& states, Clock::time_point now) const;

  Clock::duration timeout_;
  std::vector<Seen> seen_;
  Clock::time_point last_movement_;
  Clock::time_point last_look_;
};

}  // namespace distload
