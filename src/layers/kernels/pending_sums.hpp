/// PendingSums: adds the sums of a node's segments in the order of sum_tree.hpp, as they come.
#pragma once

#include <bit>
#include <cstddef>

namespace distload::matmul {

/// Sums of 2^level consecutive segments wait for their neighbours in slot `level`. `size` sums are added side by side.
class PendingSums {
 public:
  /// Places that `memory` needs for nodes of up to `segments` segments.
  static std::size_t places(std::size_t segments, std::size_t size) {
    return static_cast<std::size_t>(std::bit_width(segments)) * size;
  }

  PendingSums(float* memory, std::size_t size) : slots_(memory), size_(size) {}

  /// The next segment's sums. Overwrites `leaf`.
  void add(float* leaf) {
    std::size_t level = 0;
    for (; (count_ >> level & 1U) != 0; ++level) accumulate(slot(level), leaf);
    for (std::size_t i = 0; i < size_; ++i) slot(level)[i] = leaf[i];
    ++count_;
  }

  /// The sums of all segments, valid until the next call of `add`, which begins another node.
  float const* finish() {
    auto level = static_cast<std::size_t>(std::countr_zero(count_));
    auto* const sums = slot(level);
    for (++level; count_ >> level != 0; ++level) {
      if ((count_ >> level & 1U) != 0) accumulate(slot(level), sums);
    }
    count_ = 0;
    return sums;
  }

 private:
  float* slot(std::size_t level) const { return slots_ + level * size_; }
  void accumulate(float const* from, float* to) const {
    for (std::size_t i = 0; i < size_; ++i) to[i] = from[i] + to[i];
  }

  float* slots_;
  std::size_t size_;
  std::size_t count_ = 0;
};

}  // namespace distload::matmul
