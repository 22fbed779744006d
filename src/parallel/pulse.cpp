// A phase's name in whole atomic words.
#include "parallel/pulse.hpp"

#include <algorithm>
#include <cstring>

namespace distload {

void Pulse::enter(std::string_view phase) noexcept {
  std::array<char, kMaxPhaseBytes> text{};
  std::copy_n(phase.begin(), std::min(phase.size(), text.size()), text.begin());
  for (std::size_t i = 0; i < phase_.size(); ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i * sizeof word, sizeof word);
    phase_[i].store(word, std::memory_order_relaxed);
  }
  beat();
}

std::string Pulse::phase() const {
  std::array<char, kMaxPhaseBytes> text{};
  for (std::size_t i = 0; i < phase_.size(); ++i) {
    auto const word = phase_[i].load(std::memory_order_relaxed);
    std::memcpy(text.data() + i * sizeof word, &word, sizeof word);
  }
  return {text.begin(), std::find(text.begin(), text.end(), '\0')};
}

}  // namespace distload
