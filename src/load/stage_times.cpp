// Adds intervals.
#include "load/stage_times.hpp"

namespace distload {

std::optional<StageTimes::Interval> StageTimes::interval(Stage stage, std::uint32_t wave) const {
  auto const begin = times_->seconds(number_of(stage, wave));
  auto const end = times_->seconds(number_of(stage, wave) + 1);
  if (!begin || !end) return std::nullopt;
  return Interval{*begin, *end};
}

double StageTimes::seconds(Stage stage) const {
  double total = 0;
  for (std::uint32_t wave = 0; wave < waves_; ++wave) {
    if (auto const ran = interval(stage, wave)) total += ran->end_seconds - ran->begin_seconds;
  }
  return total;
}

}  // namespace distload
