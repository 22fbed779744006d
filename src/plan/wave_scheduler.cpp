// List scheduling of staged work.
#include "plan/wave_scheduler.hpp"

#include <algorithm>

namespace distload {

std::uint32_t WaveScheduler::place(std::span<StagingNeed const> needs) {
  std::uint32_t wave = 0;
  for (auto const& need : needs) wave = std::max(wave, cursors_[need.rank].wave);
  for (auto const& need : needs) {
    auto const& cursor = cursors_[need.rank];
    if (cursor.wave == wave && cursor.fill + need.nbytes > slot_limit_) {
      ++wave;
      break;
    }
  }
  for (auto const& need : needs) {
    auto& cursor = cursors_[need.rank];
    if (cursor.wave != wave) {
      cursor.wave = wave;
      cursor.fill = 0;
    }
    cursor.fill += need.nbytes;
    cursor.peak = std::max(cursor.peak, cursor.fill);
  }
  waves_ = std::max(waves_, wave + 1);
  return wave;
}

std::uint32_t WaveScheduler::current(std::uint32_t rank) {
  waves_ = std::max(waves_, cursors_[rank].wave + 1);
  return cursors_[rank].wave;
}

}  // namespace distload
