/// FirstFailure: keeps an exception until this rank has completed the collective calls that the other ranks wait in.
#pragma once

#include <exception>
#include <utility>

namespace distload {

class FirstFailure {
 public:
  /// Runs `work` and keeps its exception unless an earlier one is kept.
  template <class F>
  void guard(F&& work) noexcept {
    try {
      std::forward<F>(work)();
    } catch (...) {
      if (!first_) first_ = std::current_exception();
    }
  }

  /// As `guard`, but skips `work` if an earlier exception is kept.
  template <class F>
  void guard_unless_failed(F&& work) noexcept {
    if (!first_) guard(std::forward<F>(work));
  }

  explicit operator bool() const noexcept { return first_ != nullptr; }

  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::exception_ptr first_;
};

}  // namespace distload
