// Predicts the time of each strategy.
#include "plan/cost_model.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace distload {
namespace {

constexpr std::array kShared{Strategy::two_phase, Strategy::broadcast, Strategy::every_rank_reads};

/// Bytes sent: all wanted bytes except the readers' own parts.
double travelling(SharedRead const& shared) {
  auto const kept = static_cast<double>(shared.wanted_bytes) / static_cast<double>(shared.readers);
  return static_cast<double>(shared.wanted_bytes) - kept;
}

}  // namespace

std::string_view name_of(Strategy strategy) noexcept {
  switch (strategy) {
    case Strategy::straight: return "straight";
    case Strategy::two_phase: return "two_phase";
    case Strategy::broadcast: return "broadcast";
    case Strategy::every_rank_reads: return "every_rank_reads";
    case Strategy::scatter: return "scatter";
    case Strategy::mapped: return "mapped";
  }
  return "";
}

double seconds_of(Strategy strategy, SharedRead const& shared, CostModel const& cost) noexcept {
  auto const readers = static_cast<double>(shared.readers);
  auto const nbytes = static_cast<double>(shared.nbytes);
  auto const pieces = static_cast<double>(shared.pieces);
  // Message latency is neglected: one message per pair of ranks contains all pieces of a wave.
  auto const read_once = nbytes / cost.storage_bandwidth + cost.storage_latency_seconds;
  switch (strategy) {
    case Strategy::straight:
    case Strategy::scatter:
    case Strategy::mapped: return read_once;
    case Strategy::two_phase: {
      // Ranks that have no piece of this segment send pieces of other segments at the same time, as storage serves all.
      auto const senders = std::min(readers, pieces);
      return read_once + (pieces / senders - 1) * cost.request_overhead_seconds +
             travelling(shared) / (readers * cost.link_bandwidth);
    }
    case Strategy::broadcast: return read_once + travelling(shared) / cost.link_bandwidth;
    case Strategy::every_rank_reads:
      return static_cast<double>(shared.reread_bytes) / cost.storage_bandwidth + cost.storage_latency_seconds;
  }
  return 0;
}

Strategy choose_strategy(SharedRead const& shared, CostModel const& cost) noexcept {
  if (shared.readers <= 1) return Strategy::straight;
  // min_element returns the first of equally cheap strategies.
  return *std::min_element(kShared.begin(), kShared.end(), [&](Strategy a, Strategy b) {
    return seconds_of(a, shared, cost) < seconds_of(b, shared, cost);
  });
}

std::string explain(SharedRead const& shared, CostModel const& cost) {
  auto const chosen = choose_strategy(shared, cost);
  auto const milliseconds = [&](Strategy strategy) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s %.3f ms", std::string(name_of(strategy)).c_str(),
                  seconds_of(strategy, shared, cost) * 1e3);
    return std::string(text.data());
  };
  auto text = milliseconds(chosen);
  if (chosen == Strategy::straight) return text + " (one rank wants it)";
  char const* separator = " (instead of ";
  for (auto const strategy : kShared) {
    if (strategy == chosen) continue;
    text += separator + milliseconds(strategy);
    separator = ", ";
  }
  return text + ")";
}

}  // namespace distload
