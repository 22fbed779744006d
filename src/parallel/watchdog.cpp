// The watching thread.
#include "parallel/watchdog.hpp"

#include <algorithm>

#include "parallel/job_board.hpp"
#include "parallel/job_end.hpp"

namespace distload {
namespace {

using std::chrono::milliseconds;

// Often enough to be exact to a few percent, seldom enough to cost nothing.
milliseconds look_interval(milliseconds timeout) {
  return std::clamp(timeout / 20, milliseconds(5), milliseconds(500));
}

}  // namespace

Watchdog::Watchdog(MpiEnvironment& mpi, milliseconds timeout)
    : board_(mpi.board()),
      pulse_(board_.own()),
      look_interval_(look_interval(timeout)),
      detector_(timeout, mpi.node().size() == mpi.world().size()) {
  enter("start");
  thread_ = std::thread([this] { watch(); });
}

Watchdog::~Watchdog() {
  {
    std::lock_guard const lock(mutex_);
    stops_ = true;
  }
  wake_.notify_one();
  thread_.join();
  enter("");
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, look_interval_, [this] { return stops_; })) {
    if (auto const message = detector_.observe(look(), StallDetector::Clock::now())) {
      speak_and_abort(board_, *message, static_cast<int>(ExitCode::communication));
    }
  }
}

std::vector<RankState> Watchdog::look() const {
  std::vector<RankState> states;
  for (auto const& [rank, pulse] : board_.entries()) {
    states.push_back({rank, pulse.beats(), pulse.waits(), pulse.phase()});
  }
  return states;
}

}  // namespace distload
