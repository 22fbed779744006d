// Determines which ranks have moved and composes the message.
#include "parallel/liveness/stall_detector.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <tuple>
#include <utility>

#include "parallel/job_hosts.hpp"

namespace distload {
namespace {

using Clock = StallDetector::Clock;

std::string format_seconds(Clock::duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", std::chrono::duration<double>(duration).count());
  return text.data();
}

/// What a rank does during a stall; the most likely cause comes first.
enum class Role : std::uint8_t { silent, stuck, absent, waiting, unknown };

/// Ranks with the same role and state, which the message names together.
struct Group {
  std::vector<std::uint32_t> ranks;
  std::vector<std::string> hosts;
  Clock::time_point last_moved;
};

std::string describe_role(Role role, bool one, std::string const& text) {
  switch (role) {
    case Role::silent:
      return text.empty() ? (one ? " does not answer" : " do not answer") : (one ? " is " : " are ") + text;
    case Role::stuck: return one ? " is stuck" : " are stuck";
    case Role::absent: return (one ? " has not called " : " have not called ") + text;
    case Role::waiting: return one ? " waits for other ranks" : " wait for other ranks";
    case Role::unknown: return one ? " has not been heard of" : " have not been heard of";
  }
  return {};
}

}  // namespace

bool StallDetector::is_silent(std::vector<RankState> const& states, std::size_t place, Clock::time_point now) const {
  auto const& state = states[place];
  return state.is_known && state.is_watched && now - observed_[place].looked > timeout_ / 4;
}

std::optional<std::string> StallDetector::observe(std::vector<RankState> const& states, Clock::time_point now) {
  note_movement(states, now);
  auto const has_work = [](RankState const& state) { return !state.phase.empty(); };
  if (std::none_of(states.begin(), states.end(), has_work)) return std::nullopt;

  bool knows_all = true;
  bool knows_cause = false;
  for (std::size_t i = 0; i < states.size(); ++i) {
    knows_all = knows_all && states[i].is_known;
    knows_cause = knows_cause || (has_work(states[i]) && !states[i].waits) || is_silent(states, i, now);
  }
  auto const backoff = knows_all || knows_cause ? timeout_ : 2 * timeout_;
  if (now - last_movement_ < backoff) return std::nullopt;
  return describe(states, now);
}

void StallDetector::note_movement(std::vector<RankState> const& states, Clock::time_point now) {
  bool const first_look = observed_.empty();
  if (first_look) {
    for (auto const& state : states) observed_.push_back({state.beats, now, state.looks, now});
  }
  // If the watching thread itself did not run (a debugger, a suspended machine), the other ranks did not run either,
  // and there is no stall.
  if (first_look || now - last_look_ > timeout_ / 2) {
    last_movement_ = now;
    for (auto& seen : observed_) seen.looked = now;
  }
  last_look_ = now;

  bool any_is_active = false;
  for (std::size_t i = 0; i < states.size(); ++i) {
    any_is_active = any_is_active || !states[i].phase.empty();
    auto& seen = observed_[i];
    if (states[i].looks != seen.looks) std::tie(seen.looks, seen.looked) = std::pair(states[i].looks, now);
    if (states[i].beats == seen.beats) continue;
    std::tie(seen.beats, seen.moved) = std::pair(states[i].beats, now);
    last_movement_ = now;
  }
  if (!any_is_active) last_movement_ = now;
}

std::string StallDetector::describe(std::vector<RankState> const& states, Clock::time_point now) const {
  // The call that the other ranks wait in, which an idle rank has not called.
  std::string call;
  for (auto const& state : states) {
    if (!state.call.empty()) call = state.call;
  }
  std::map<std::tuple<Role, std::string, std::string>, Group> groups;
  for (std::size_t i = 0; i < states.size(); ++i) {
    auto const& state = states[i];
    auto key = std::tuple(Role::waiting, std::string(), state.phase);
    if (!state.is_known) {
      key = {Role::unknown, "", ""};
    } else if (is_silent(states, i, now)) {
      key = {Role::silent, state.condition, state.phase};
    } else if (state.phase.empty()) {
      if (call.empty()) continue;
      key = {Role::absent, call, ""};
    } else if (!state.waits) {
      key = {Role::stuck, "", state.phase};
    }
    auto& group = groups[key];
    group.last_moved = group.ranks.empty() ? observed_[i].moved : std::max(group.last_moved, observed_[i].moved);
    group.ranks.push_back(state.rank);
    group.hosts.push_back(state.host);
  }
  auto message = "nothing has moved for " + format_seconds(now - last_movement_);
  char const* separator = ": ";
  for (auto const& [key, group] : groups) {
    auto const& [role, text, phase] = key;
    message += std::exchange(separator, "; ") + describe_ranks(group.ranks, group.hosts) +
               describe_role(role, group.ranks.size() == 1, text);
    if (!phase.empty()) message += " in phase '" + phase + "'";
    if (role == Role::absent || role == Role::unknown) continue;
    message += " (last moved " + format_seconds(now - group.last_moved) + " ago)";
  }
  return message;
}

}  // namespace distload
