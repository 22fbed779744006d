// Adds the changes of all waves.
#include "redistribute/plan/memory_track.hpp"

#include <algorithm>

namespace distload {

std::vector<Bytes> MemoryTrack::peaks(std::span<Bytes const> sources) const {
  std::vector<Bytes> held(sources.begin(), sources.end());
  auto peaks = held;
  for (std::size_t rank = 0; rank < first_.size(); ++rank) held[rank] -= first_[rank];
  for (std::size_t index = 0; index < changes_.size(); ++index) {
    auto const rank = index % ranks_;
    held[rank] += changes_[index].gained;
    peaks[rank] = std::max(peaks[rank], held[rank]);
    held[rank] -= changes_[index].released;
  }
  return peaks;
}

}  // namespace distload
