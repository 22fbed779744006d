// Adds intervals.
#include "load/stage_times.hpp"

#include <string_view>

#include "base/trace.hpp"

namespace distload {

std::optional<StageTimes::Interval> StageTimes::interval(WaveStage stage, std::uint32_t wave) const {
  auto const begin = times_->seconds(number_of(stage, wave));
  auto const end = times_->seconds(number_of(stage, wave) + 1);
  if (!begin || !end) return std::nullopt;
  return Interval{*begin, *end};
}

double StageTimes::seconds(WaveStage stage) const {
  double total = 0;
  for (std::uint32_t wave = 0; wave < waves_; ++wave) {
    if (auto const ran = interval(stage, wave)) total += ran->end_seconds - ran->begin_seconds;
  }
  return total;
}

void StageTimes::trace(std::uint32_t wave, std::array<Bytes, kStages> const& nbytes) const {
  constexpr std::array<std::string_view, kStages> kNames{"upload", "pack", "exchange", "place"};
  auto const at = [&](double seconds) {
    return begin_ + std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  };
  for (std::size_t i = 0; i < kStages; ++i) {
    auto const ran = interval(static_cast<WaveStage>(i), wave);
    if (ran) add_trace_span(kNames[i], at(ran->begin_seconds), at(ran->end_seconds), wave, nbytes[i]);
  }
}

}  // namespace distload
