// Formats progress and limits its rate.
#include "app/progress_display.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace distload {
namespace {

double fraction(ProgressEvent const& event) {
  if (event.total == 0) return 0;
  return std::min(1.0, static_cast<double>(event.done) / static_cast<double>(event.total));
}

/// "1.20 GiB of 4 GiB, 3.4 GB/s, 2.1 s left"
std::string amounts(ProgressEvent const& event) {
  auto text = format_bytes(event.done) + " of " + format_bytes(event.total);
  if (event.done == 0 || event.seconds <= 0) return text;
  auto const rate = static_cast<double>(event.done) / event.seconds;
  text += ", " + fmt::format("{:.1f} GB/s", rate / 1e9);
  if (event.done < event.total)
    text += ", " + fmt::format("{:.1f} s left", static_cast<double>(event.total - event.done) / rate);
  return text;
}

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

ProgressMode progress_mode(ProgressMode configured, bool stderr_is_terminal) {
  if (configured != ProgressMode::automatic) return configured;
  return stderr_is_terminal ? ProgressMode::bar : ProgressMode::line;
}

std::string draw_bar(ProgressEvent const& event, std::size_t columns) {
  auto const head = std::string(event.phase) + " ";
  auto const tail =
      event.total == 0 ? std::string() : " " + fmt::format("{:3.0f} %", 100 * fraction(event)) + "  " + amounts(event);
  auto const taken = head.size() + tail.size() + 2;
  if (event.total == 0 || taken + 8 > columns) return (head + tail).substr(0, columns);
  auto const width = std::min<std::size_t>(40, columns - taken);
  auto const filled = static_cast<std::size_t>(fraction(event) * static_cast<double>(width));
  return head + "[" + std::string(filled, '=') + std::string(width - filled, ' ') + "]" + tail;
}

std::string draw_line(ProgressEvent const& event) {
  auto text = "distload: " + std::string(event.phase);
  if (event.total > 0) text += ": " + fmt::format("{:.0f} %", 100 * fraction(event)) + ", " + amounts(event);
  return text;
}

std::string draw_json(ProgressEvent const& event) {
  return nlohmann::ordered_json{
      {"phase", event.phase}, {"done", event.done}, {"total", event.total}, {"seconds", event.seconds}}
      .dump();
}

bool ProgressPacer::is_due(ProgressEvent const& event) {
  if (mode_ == ProgressMode::none) return false;
  auto const pause = mode_ == ProgressMode::bar ? 0.1 : mode_ == ProgressMode::json ? 1.0 : 5.0;
  // In a log, the short phases before the first read are not useful.
  bool const is_new_phase = event.phase != phase_ && (mode_ != ProgressMode::line || event.phase == "done");
  if (event.seconds < shown_seconds_) shown_seconds_ = 0;  // a save after a load restarts the clock
  if (!is_new_phase && event.seconds - shown_seconds_ < pause) return false;
  phase_ = event.phase;
  shown_seconds_ = event.seconds;
  return true;
}

ProgressDisplay::~ProgressDisplay() {
  if (is_line_open_) std::fputc('\n', stderr);
}

void ProgressDisplay::show(ProgressEvent const& event) {
  std::lock_guard const lock(mutex_);
  if (!pacer_.is_due(event)) return;
  switch (mode_) {
    case ProgressMode::bar: show_bar(event); break;
    case ProgressMode::line: std::fprintf(stderr, "%s\n", draw_line(event).c_str()); break;
    case ProgressMode::json: std::fprintf(stderr, "%s\n", draw_json(event).c_str()); break;
    case ProgressMode::automatic:
    case ProgressMode::none: break;
  }
}

void ProgressDisplay::show_bar(ProgressEvent const& event) {
  // A phase without bytes ends with a carriage return, so that a following message overwrites its name.
  auto const* const end = event.phase == "done" ? "\n" : event.total == 0 ? "\r" : "";
  std::fprintf(stderr, "\r\033[K%s%s", draw_bar(event, terminal_columns()).c_str(), end);
  std::fflush(stderr);
  is_line_open_ = *end == '\0';
}

}  // namespace distload
