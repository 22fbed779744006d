/// Progress on stderr: a bar on a terminal, plain lines in a log, one JSON object a line for programs.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include <distload/load/progress.hpp>

namespace distload {

enum class ProgressMode { none, bar, line, json };

/// The mode of a `report.progress` value; `auto` is a bar where stderr is a terminal, else lines.
ProgressMode progress_mode(std::string_view value, bool stderr_is_terminal);

/// What is shown of an event. Pure.
/// @param columns  width of the terminal
std::string draw_bar(ProgressEvent const& event, std::size_t columns);
std::string draw_line(ProgressEvent const& event);
std::string draw_json(ProgressEvent const& event);

/// Shows events as they come, but not more often than a person can read. One per process; any thread.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(ProgressMode mode) : mode_(mode) {}
  void show(ProgressEvent const& event);

 private:
  bool is_due(ProgressEvent const& event);

  ProgressMode mode_;
  std::mutex mutex_;
  std::string phase_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace distload
