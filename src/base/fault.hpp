/// Fault injection for tests: makes one rank fail in a named phase. Costs one branch while DISTLOAD_FAULT is unset.
///
/// DISTLOAD_FAULT=phase:rank[:kind[:time]], for example `read:2:corrupt`, or `save_write:0:kill:3` for the third time
/// that the rank enters the phase. The default kind is `io`. The kinds:
///
///     io         throws IoError
///     corrupt    throws CorruptData
///     internal   throws InternalError
///     memory     throws std::bad_alloc
///     exception  throws std::runtime_error, as a foreign library would
///     kill       the process dies by SIGKILL
///     hang       the calling thread never returns
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace distload {

enum class FaultKind : std::uint8_t { io, corrupt, internal, memory, exception, kill, hang };

/// Where and how a rank fails.
struct Fault {
  std::string phase;
  std::uint32_t rank = 0;
  FaultKind kind = FaultKind::io;
  std::uint32_t time = 0;  ///< which entry into the phase fails, counted from 1; 0: every entry

  friend bool operator==(Fault const&, Fault const&) = default;
};

/// Parses phase:rank[:kind[:time]]; nothing if `text` has another form.
std::optional<Fault> parse_fault(std::string_view text);

/// Sets this process's rank and reads DISTLOAD_FAULT. No fault happens before this call.
/// @throws ConfigError  DISTLOAD_FAULT is malformed.
void set_fault_rank(std::uint32_t rank);

namespace detail {
inline bool fault_is_armed = false;
void fail_if_selected(std::string_view phase);
}  // namespace detail

/// Triggers the fault if DISTLOAD_FAULT names this phase and this rank.
inline void fault_point(std::string_view phase) {
  if (detail::fault_is_armed) [[unlikely]]
    detail::fail_if_selected(phase);
}

}  // namespace distload
