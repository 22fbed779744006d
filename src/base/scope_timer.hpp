/// ScopeTimer: adds the seconds of a scope to a total.
#pragma once

#include <chrono>

namespace distload {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class ScopeTimer {
 public:
  /// @param total  must outlive the timer
  explicit ScopeTimer(double& total) : total_(total) {}
  ~ScopeTimer() { total_ += seconds_since(start_); }
  ScopeTimer(ScopeTimer const&) = delete;
  ScopeTimer& operator=(ScopeTimer const&) = delete;

 private:
  double& total_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace distload
