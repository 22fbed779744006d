/// PageToucher: populates the pages of new memory on its own thread, before other threads fill it.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// The kernel zeroes a page at its first write, and the writer waits for that. The toucher does not change contents, so
/// that other threads may fill the same memory meanwhile. Not movable.
class PageToucher {
 public:
  /// Starts with the first of `ranges`, which must stay mapped until the toucher is destroyed. Does nothing on kernels
  /// older than 5.14.
  explicit PageToucher(std::vector<std::span<std::byte>> ranges);

  /// Stops within the few milliseconds of the current step.
  ~PageToucher() = default;
  PageToucher(PageToucher const&) = delete;
  PageToucher& operator=(PageToucher const&) = delete;

  /// Waits until all pages are populated.
  void finish() { thread_.join(); }

 private:
  std::jthread thread_;
};

}  // namespace distload
