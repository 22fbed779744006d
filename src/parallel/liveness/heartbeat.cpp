// Short texts in atomic words.
#include "parallel/liveness/heartbeat.hpp"

#include <algorithm>

namespace distload {

void AtomicText::store(std::string_view text) noexcept {
  std::array<char, kMostBytes> bytes{};
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  for (std::size_t i = 0; i < words_.size(); ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i * sizeof word, sizeof word);
    words_[i].store(word, std::memory_order_relaxed);
  }
}

std::string AtomicText::load() const {
  std::array<char, kMostBytes> bytes{};
  for (std::size_t i = 0; i < words_.size(); ++i) {
    auto const word = words_[i].load(std::memory_order_relaxed);
    std::memcpy(bytes.data() + i * sizeof word, &word, sizeof word);
  }
  return {bytes.begin(), std::find(bytes.begin(), bytes.end(), '\0')};
}

}  // namespace distload
