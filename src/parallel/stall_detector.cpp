// Who has moved, who has not, and how to say it.
#include "parallel/stall_detector.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace distload {
namespace {

using Clock = StallDetector::Clock;

std::string format_seconds(Clock::duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", std::chrono::duration<double>(duration).count());
  return text.data();
}

/// "rank 3" or "ranks 0-2, 5"; `ranks` is sorted and not empty.
std::string format_ranks(std::vector<std::uint32_t> const& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    if (i > 0) text += ", ";
    text += std::to_string(ranks[i]);
    if (last > i) text += "-" + std::to_string(ranks[last]);
    i = last + 1;
  }
  return text;
}

struct Group {
  std::vector<std::uint32_t> ranks;
  Clock::time_point last_moved;
};

}  // namespace

std::optional<std::string> StallDetector::observe(std::vector<RankState> const& states, Clock::time_point now) {
  note_movement(states, now);
  auto const has_work = [](RankState const& state) { return !state.phase.empty(); };
  if (std::none_of(states.begin(), states.end(), has_work)) return std::nullopt;

  bool const all_wait =
      std::none_of(states.begin(), states.end(), [&](auto const& s) { return has_work(s) && !s.waits; });
  auto const patience = all_wait && !sees_whole_job_ ? 2 * timeout_ : timeout_;
  if (now - last_movement_ < patience) return std::nullopt;
  return describe(states, now);
}

void StallDetector::note_movement(std::vector<RankState> const& states, Clock::time_point now) {
  bool const first_look = seen_.empty();
  if (first_look) {
    for (auto const& state : states) seen_.push_back({state.beats, now});
  }
  // If the watching thread itself stood still (a debugger, a suspended machine), so did everybody else, for a good
  // reason.
  if (first_look || now - last_look_ > timeout_ / 2) last_movement_ = now;
  last_look_ = now;

  bool anybody_works = false;
  for (std::size_t i = 0; i < states.size(); ++i) {
    anybody_works = anybody_works || !states[i].phase.empty();
    if (states[i].beats == seen_[i].beats) continue;
    seen_[i] = {states[i].beats, now};
    last_movement_ = now;
  }
  if (!anybody_works) last_movement_ = now;
}

std::string StallDetector::describe(std::vector<RankState> const& states, Clock::time_point now) const {
  // Ranks that do the same are named together; those who do not merely wait come first, because one of them is the
  // cause.
  std::map<std::pair<bool, std::string>, Group> groups;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].phase.empty()) continue;
    auto& group = groups[{states[i].waits, states[i].phase}];
    group.last_moved = group.ranks.empty() ? seen_[i].moved : std::max(group.last_moved, seen_[i].moved);
    group.ranks.push_back(states[i].rank);
  }
  auto message = "nothing has moved for " + format_seconds(now - last_movement_);
  char const* separator = ": ";
  for (auto const& [key, group] : groups) {
    auto const& [waits, phase] = key;
    bool const one = group.ranks.size() == 1;
    message += separator + format_ranks(group.ranks);
    message += waits ? (one ? " waits for other ranks" : " wait for other ranks") : (one ? " is stuck" : " are stuck");
    message += " in phase '" + phase + "' (last moved " + format_seconds(now - group.last_moved) + " ago)";
    separator = "; ";
  }
  return message;
}

}  // namespace distload
