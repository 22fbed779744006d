/// StallDetector: decides from the ranks' states whether the job is stuck, and names the ranks that cause it. Pure: no
/// clock, thread or MPI.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace distload {

/// The state of one rank at one moment, from its Heartbeat.
struct RankState {
  std::uint32_t rank = 0;
  std::uint64_t beats = 0;
  bool waits = false;          ///< inside an operation that needs other ranks
  std::string phase;           ///< empty: no progress is expected
  std::string call = {};       ///< the library function that it is in; empty: none
  std::string host = {};       ///< empty: not known
  std::uint64_t looks = 0;     ///< number of looks of its watchdog
  bool is_watched = false;     ///< it has a watchdog; if that stops looking, the process is stopped or gone
  bool is_known = true;        ///< false: no report received yet
  std::string condition = {};  ///< the system's state of a process that does not run: "stopped"
};

class StallDetector {
 public:
  using Clock = std::chrono::steady_clock;

  explicit StallDetector(Clock::duration timeout) : timeout_(timeout) {}

  /// Must be called often, always with the same ranks in the same order. Returns the message for the user when no rank
  /// has moved for the time-out and progress is expected of at least one. Takes twice as long if some ranks are unknown
  /// and all known ranks only wait: a rank that is stuck elsewhere is reported by other nodes first.
  std::optional<std::string> observe(std::vector<RankState> const& states, Clock::time_point now);

  /// Restarts the time-out.
  void restart_timeout(Clock::time_point now) { last_movement_ = now; }

  /// Time of the last observed movement of any rank.
  Clock::time_point last_movement() const noexcept { return last_movement_; }

  /// True if the rank at index `place` of the states has a watchdog that has not looked for a quarter of the time-out.
  bool is_silent(std::vector<RankState> const& states, std::size_t place, Clock::time_point now) const;

 private:
  struct Observed {
    std::uint64_t beats = 0;
    Clock::time_point moved;
    std::uint64_t looks = 0;
    Clock::time_point looked;
  };

  void note_movement(std::vector<RankState> const& states, Clock::time_point now);
  std::string describe(std::vector<RankState> const& states, Clock::time_point now) const;

  Clock::duration timeout_;
  std::vector<Observed> observed_;
  Clock::time_point last_movement_;
  Clock::time_point last_look_;
};

}  // namespace distload
