// Populates pages by madvise(MADV_POPULATE_WRITE).
#include "base/page_toucher.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/mman.h>

#include "base/system.hpp"

namespace distload {
namespace {

constexpr Bytes kStepBytes = 16 * kMiB;

/// False if the kernel does not support it or has no memory; in the latter case filling the memory fails.
bool touch(std::byte* begin, Bytes nbytes) {
#if defined(MADV_POPULATE_WRITE)
  while (madvise(begin, nbytes, MADV_POPULATE_WRITE) != 0) {
    if (errno != EINTR && errno != EAGAIN) return false;
  }
  return true;
#else
  static_cast<void>(begin);
  static_cast<void>(nbytes);
  return false;
#endif
}

void touch_all(std::stop_token const& stop, std::vector<std::span<std::byte>> const& ranges) {
  auto const page = page_bytes();
  for (auto const& range : ranges) {
    for (Bytes done = 0; done < range.size(); done += kStepBytes) {
      if (stop.stop_requested()) return;
      if (!touch(range.data() + done, round_up(std::min<Bytes>(kStepBytes, range.size() - done), page))) return;
    }
  }
}

}  // namespace

PageToucher::PageToucher(std::vector<std::span<std::byte>> ranges)
    : thread_([ranges = std::move(ranges)](std::stop_token const& stop) { touch_all(stop, ranges); }) {}

}  // namespace distload
