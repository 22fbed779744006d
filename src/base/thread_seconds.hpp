/// thread_seconds: processor time of the calling thread.
#pragma once

#include <ctime>

namespace distload {

/// Seconds of processor time that this thread has used. Time in which other threads had the core does not count.
inline double thread_seconds() noexcept {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace distload
