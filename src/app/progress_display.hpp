/// Progress on stderr: a bar on a terminal, lines in a log, or one JSON object per line for programs.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include <distload/base/choices.hpp>
#include <distload/load/progress.hpp>

namespace distload {

/// Resolves `automatic`.
ProgressMode progress_mode(ProgressMode configured, bool stderr_is_terminal);

/// The text for an event. Pure.
/// @param columns  width of the terminal
std::string draw_bar(ProgressEvent const& event, std::size_t columns);
std::string draw_line(ProgressEvent const& event);
std::string draw_json(ProgressEvent const& event);

/// Limits the rate of shown events for each mode. Uses the events' own times.
class ProgressPacer {
 public:
  explicit ProgressPacer(ProgressMode mode) : mode_(mode) {}

  /// Bar: every phase, and ten times a second. JSON: every phase, and once a second. Lines: every 5 s, and the end.
  bool is_due(ProgressEvent const& event);

 private:
  ProgressMode mode_;
  std::string phase_;
  double shown_seconds_ = 0;
};

/// Shows events. One object per process; usable from any thread.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(ProgressMode mode) : mode_(mode), pacer_(mode) {}
  /// Leaves the cursor at the beginning of a line for following messages.
  ~ProgressDisplay();
  ProgressDisplay(ProgressDisplay const&) = delete;
  ProgressDisplay& operator=(ProgressDisplay const&) = delete;

  void show(ProgressEvent const& event);

 private:
  void show_bar(ProgressEvent const& event);

  ProgressMode mode_;
  std::mutex mutex_;
  ProgressPacer pacer_;
  bool is_line_open_ = false;
};

}  // namespace distload
