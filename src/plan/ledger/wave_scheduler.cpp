// List scheduling of staged work.
#include "plan/ledger/wave_scheduler.hpp"

#include <algorithm>

namespace distload {

std::uint32_t WaveScheduler::place(std::span<StagingNeed const> needs) {
  // The latest wave of all ranks, and the maximum that a rank would have in it.
  std::uint32_t wave = 0;
  Bytes fill = 0;
  for (auto const& need : needs) {
    for (auto const rank : need.ranks) {
      auto const& cursor = cursors_[rank];
      if (cursor.wave < wave) continue;
      fill = std::max(cursor.wave == wave ? fill : 0, cursor.fill + need.nbytes);
      wave = cursor.wave;
    }
  }
  if (fill > slot_limit_) ++wave;
  for (auto const& need : needs) {
    for (auto const rank : need.ranks) {
      auto& cursor = cursors_[rank];
      cursor.fill = (cursor.wave == wave ? cursor.fill : 0) + need.nbytes;
      cursor.wave = wave;
      cursor.peak = std::max(cursor.peak, cursor.fill);
    }
  }
  waves_ = std::max(waves_, wave + 1);
  return wave;
}

std::uint32_t WaveScheduler::current(std::uint32_t rank) {
  waves_ = std::max(waves_, cursors_[rank].wave + 1);
  return cursors_[rank].wave;
}

}  // namespace distload
