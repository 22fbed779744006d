/// PageToucher: gives fresh memory its pages on a thread of its own, ahead of those who fill it.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// The kernel zeroes a page when it is first written to, and the writer waits for that. Meanwhile others may fill
/// the same memory: nothing in it is changed. Move-free.
class PageToucher {
 public:
  /// Begins with the first of `ranges`, which stay mapped until the toucher is destroyed. Kernels older than 5.14
  /// cannot do it; then nothing happens.
  explicit PageToucher(std::vector<std::span<std::byte>> ranges);

  /// Stops, at the latest after the few milliseconds that the step under way takes.
  ~PageToucher() = default;
  PageToucher(PageToucher const&) = delete;
  PageToucher& operator=(PageToucher const&) = delete;

  /// Waits until all has been touched.
  void finish() { thread_.join(); }

 private:
  std::jthread thread_;
};

}  // namespace distload
