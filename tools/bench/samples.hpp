/// Samples: the seconds of repeated runs, and their median.
#pragma once

#include <algorithm>
#include <vector>

namespace distload {

class Samples {
 public:
  void add(double seconds) { seconds_.push_back(seconds); }

  /// 0 if there are no samples.
  double median() const {
    if (seconds_.empty()) return 0;
    auto sorted = seconds_;
    std::ranges::sort(sorted);
    auto const middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
  double least() const { return seconds_.empty() ? 0 : *std::ranges::min_element(seconds_); }
  std::vector<double> const& all() const noexcept { return seconds_; }

 private:
  std::vector<double> seconds_;
};

}  // namespace distload
