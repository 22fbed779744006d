// The watching thread.
#include <distload/parallel/watchdog.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "parallel/job_internals.hpp"
#include "parallel/liveness/job_end.hpp"
#include "parallel/liveness/node_board.hpp"
#include "parallel/liveness/stall_detector.hpp"
#include "parallel/liveness/watch_channel.hpp"

namespace distload {
namespace {

using std::chrono::milliseconds;

// Short enough for an accuracy of a few percent, long enough to cost nothing.
milliseconds look_interval(milliseconds timeout) {
  return std::clamp(timeout / 20, milliseconds(5), milliseconds(500));
}

/// The system's state of a process of this node, if it does not run: "stopped".
std::string condition_of(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(file, text);
  // "number (name) state ...", where the name may contain any character.
  auto const name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return {};
  auto const state = text[name_end + 2];
  return state == 'T' || state == 't' ? "stopped" : "";
}

/// @throws ConfigError  the timeout is not positive.
Watchdog::Options checked(Watchdog::Options options) {
  if (options.timeout <= milliseconds(0)) throw ConfigError("the timeout of a Watchdog must be positive");
  return options;
}

}  // namespace

class Watchdog::Watcher {
 public:
  Watcher(MpiEnvironment& mpi, Options options)
      : board_(JobInternals::board(mpi)),
        channel_(JobInternals::channel(mpi)),
        options_(std::move(options)),
        own_place_(mpi.node().rank()),
        detector_(options_.timeout) {
    board_.own().set_watched(true);
    thread_ = std::thread([this] { watch(); });
  }

  ~Watcher() {
    {
      std::lock_guard const lock(mutex_);
      stops_ = true;
    }
    wake_.notify_one();
    thread_.join();
    board_.own().set_watched(false);
  }
  Watcher(Watcher const&) = delete;
  Watcher& operator=(Watcher const&) = delete;

 private:
  using Clock = StallDetector::Clock;

  void watch() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, look_interval(options_.timeout), [this] { return stops_; })) {
      board_.own().look();
      auto const now = Clock::now();
      auto states = node_states(now);
      if (channel_ != nullptr) meet_other_nodes(states, now);
      auto const message = detector_.observe(states, now);
      last_states_ = std::move(states);
      if (!message || !is_to_print(now)) continue;
      if (options_.on_stall) {
        options_.on_stall(*message);
        detector_.restart_timeout(Clock::now());
      } else {
        print_error_and_abort(board_, *message, static_cast<int>(ExitCode::communication));
      }
    }
  }

  /// The states of the ranks of this node.
  std::vector<RankState> node_states(Clock::time_point now) {
    std::vector<RankState> states;
    for (auto const& [rank, process, heartbeat] : board_.entries()) {
      states.push_back({rank, heartbeat.beats(), heartbeat.waits(), heartbeat.phase(), heartbeat.call(), host_name(),
                        heartbeat.looks(), heartbeat.is_watched()});
      auto const place = states.size() - 1;
      if (place < last_states_.size() && detector_.is_silent(last_states_, place, now))
        states.back().condition = condition_of(process);
    }
    return states;
  }

  /// On rank 0's node: adds the ranks of other nodes. On others: sends a report and adds the ranks of rank 0's node.
  void meet_other_nodes(std::vector<RankState>& states, Clock::time_point now) {
    if (channel_->is_with_rank_0()) {
      auto const& others = channel_->receive();
      states.insert(states.end(), others.begin(), others.end());
      return;
    }
    // The first rank whose process runs prints for its node.
    auto const first = [&] {
      std::size_t place = 0;
      while (place < own_place_ && (!states[place].is_watched ||
                                    (place < last_states_.size() && detector_.is_silent(last_states_, place, now))))
        ++place;
      return place;
    }();
    if (first == own_place_) {
      channel_->report(states);
      if (channel_->take_answers()) board_.note_answer();
    }
    auto const answers = board_.answers();
    if (answers != answers_) {
      answers_ = answers;
      answered_ = now;
    }
    for (auto const& [rank, host] : channel_->receivers())
      states.push_back({.rank = rank,
                        .waits = true,
                        .phase = {},
                        .host = host,
                        .looks = answers,
                        .is_watched = true,
                        .is_known = answers > 0});
  }

  /// A node whose reports are answered does not print: rank 0's node knows the states of all ranks.
  bool is_to_print(Clock::time_point now) const {
    if (channel_ == nullptr || channel_->is_with_rank_0()) return true;
    if (answers_ > 0 && now - answered_ < options_.timeout / 2) return false;
    return now - detector_.last_movement() > (answers_ > 0 ? 1 : 2) * options_.timeout;
  }

  NodeBoard& board_;
  WatchChannel* channel_;  ///< null if the job has one node
  Options options_;
  std::size_t own_place_;
  StallDetector detector_;
  std::vector<RankState> last_states_;
  std::uint64_t answers_ = 0;
  Clock::time_point answered_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stops_ = false;
  std::thread thread_;
};

Watchdog::Watchdog(MpiEnvironment& mpi, milliseconds timeout) : Watchdog(mpi, Options{timeout, {}}) {}

Watchdog::Watchdog(MpiEnvironment& mpi, Options options)
    : heartbeat_(JobInternals::board(mpi).own()),
      watcher_(std::make_unique<Watcher>(mpi, checked(std::move(options)))) {}

Watchdog::~Watchdog() {
  watcher_.reset();
  enter("");
}

void Watchdog::enter(std::string_view phase) noexcept { heartbeat_.enter(phase); }

void Watchdog::beat() noexcept { heartbeat_.beat(); }

}  // namespace distload
