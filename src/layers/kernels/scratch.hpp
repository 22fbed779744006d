/// Scratch: memory of a thread that is kept for its next product, because fresh pages are slow.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace distload::matmul {

class Scratch {
 public:
  /// `count` numbers of any value, on a cache line's border; valid until the next call.
  float* floats(std::size_t count) {
    if (count > capacity_) {
      capacity_ = 0;
      auto const bytes = (count * sizeof(float) + kLine - 1) / kLine * kLine;
      memory_.reset(static_cast<float*>(std::aligned_alloc(kLine, bytes)));
      if (memory_ == nullptr) throw std::bad_alloc{};
      capacity_ = count;
    }
    return memory_.get();
  }

 private:
  static constexpr std::size_t kLine = 64;
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  std::unique_ptr<float, Free> memory_;
  std::size_t capacity_ = 0;
};

}  // namespace distload::matmul
