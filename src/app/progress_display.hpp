/// Progress on stderr: a bar on a terminal, plain lines in a log, one JSON object a line for programs.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include <distload/base/choices.hpp>
#include <distload/load/progress.hpp>

namespace distload {

/// The mode that is not `automatic`.
ProgressMode progress_mode(ProgressMode configured, bool stderr_is_terminal);

/// What is shown of an event. Pure.
/// @param columns  width of the terminal
std::string draw_bar(ProgressEvent const& event, std::size_t columns);
std::string draw_line(ProgressEvent const& event);
std::string draw_json(ProgressEvent const& event);

/// Decides which events are shown, so that there are not more than a person or a log can take. Goes by the events' own
/// time.
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

/// Shows events as they come. One per process; any thread.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(ProgressMode mode) : mode_(mode), pacer_(mode) {}
  /// Leaves the terminal's cursor at the beginning of a line, for the message that may follow.
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
