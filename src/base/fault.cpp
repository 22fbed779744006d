// Parses DISTLOAD_FAULT and triggers faults.
#include "base/fault.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include <unistd.h>

#include <distload/base/error.hpp>

namespace distload {
namespace {

constexpr std::array<std::string_view, 7> kKindNames{"io",        "corrupt", "internal", "memory",
                                                     "exception", "kill",    "hang"};

std::optional<FaultKind> parse_kind(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<FaultKind>(i);
  }
  return std::nullopt;
}

/// Removes the number at the beginning of `text`.
bool take_number(std::string_view& text, std::uint32_t& number) {
  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

/// How often this process has reached the phase of the fault.
std::atomic<std::uint32_t>& times_reached() {
  static std::atomic<std::uint32_t> times{0};
  return times;
}

/// The fault of this process; valid while `fault_is_armed`.
Fault& armed_fault() {
  static Fault fault;
  return fault;
}

}  // namespace

std::optional<Fault> parse_fault(std::string_view text) {
  auto const first = text.find(':');
  if (first == 0 || first == std::string_view::npos) return std::nullopt;
  Fault fault;
  fault.phase = text.substr(0, first);
  text.remove_prefix(first + 1);

  if (!take_number(text, fault.rank)) return std::nullopt;
  if (text.empty()) return fault;

  if (text.front() != ':') return std::nullopt;
  text.remove_prefix(1);
  auto const kind = parse_kind(text.substr(0, text.find(':')));
  if (!kind) return std::nullopt;
  fault.kind = *kind;
  text.remove_prefix(std::min(text.find(':'), text.size()));
  if (text.empty()) return fault;

  text.remove_prefix(1);
  if (!take_number(text, fault.time) || !text.empty() || fault.time == 0) return std::nullopt;
  return fault;
}

void set_fault_rank(std::uint32_t rank) {
  detail::fault_is_armed = false;
  char const* const text = std::getenv("DISTLOAD_FAULT");
  if (text == nullptr || *text == '\0') return;
  auto const fault = parse_fault(text);
  if (!fault) {
    throw ConfigError("DISTLOAD_FAULT=" + std::string(text) +
                      " is not of the form phase:rank[:io|corrupt|internal|memory|exception|kill|hang[:time]]");
  }
  if (fault->rank != rank) return;
  armed_fault() = *fault;
  times_reached() = 0;
  detail::fault_is_armed = true;
}

void detail::fail_if_selected(std::string_view phase) {
  auto const& fault = armed_fault();
  if (fault.phase != phase) return;
  if (fault.time != 0 && ++times_reached() != fault.time) return;
  auto const message = "injected fault in phase '" + fault.phase + "'";
  switch (fault.kind) {
    case FaultKind::io: throw IoError(message);
    case FaultKind::corrupt: throw CorruptData(message);
    case FaultKind::internal: throw InternalError(message);
    case FaultKind::memory: throw std::bad_alloc();
    case FaultKind::exception: throw std::runtime_error(message);
    case FaultKind::kill: std::raise(SIGKILL); break;
    case FaultKind::hang:
      while (true) pause();
  }
}

}  // namespace distload
