// Parsing of DISTLOAD_FAULT, and the ways to fail.
#include "base/fault.hpp"

#include <array>
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

/// The fault that this process is to suffer; meaningful while `fault_is_armed`.
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

  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), fault.rank);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (text.empty()) return fault;

  auto const kind = text.front() == ':' ? parse_kind(text.substr(1)) : std::nullopt;
  if (!kind) return std::nullopt;
  fault.kind = *kind;
  return fault;
}

void set_fault_rank(std::uint32_t rank) {
  detail::fault_is_armed = false;
  char const* const text = std::getenv("DISTLOAD_FAULT");
  if (text == nullptr || *text == '\0') return;
  auto const fault = parse_fault(text);
  if (!fault) {
    throw ConfigError("DISTLOAD_FAULT=" + std::string(text) +
                      " is not of the form phase:rank[:io|corrupt|internal|memory|exception|kill|hang]");
  }
  if (fault->rank != rank) return;
  armed_fault() = *fault;
  detail::fault_is_armed = true;
}

void detail::fail_if_meant(std::string_view phase) {
  auto const& fault = armed_fault();
  if (fault.phase != phase) return;
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
