/// Fault injection: a switch for tests that makes one rank fail in a named phase. Costs one branch while DISTLOAD_FAULT
/// is unset.
///
/// DISTLOAD_FAULT=phase:rank[:kind[:time]], for example `read:2:corrupt`, or `save_write:0:kill:3`: when the rank gets
/// into the phase for the third time. The kinds, `io` if none is given:
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

/// Where and how a rank is to fail.
struct Fault {
  std::string phase;
  std::uint32_t rank = 0;
  FaultKind kind = FaultKind::io;
  std::uint32_t time = 0;  ///< that the rank gets there, counted from 1; 0: every time

  friend bool operator==(Fault const&, Fault const&) = default;
};

/// The fault that `text` describes, or nothing if it is not of the form phase:rank[:kind[:time]].
std::optional<Fault> parse_fault(std::string_view text);

/// Tells fault injection which rank this process is, and reads DISTLOAD_FAULT. Until then no fault happens.
/// @throws ConfigError  DISTLOAD_FAULT is malformed.
void set_fault_rank(std::uint32_t rank);

namespace detail {
inline bool fault_is_armed = false;
void fail_if_meant(std::string_view phase);
}  // namespace detail

/// Fails here if DISTLOAD_FAULT names this phase and this rank.
inline void fault_point(std::string_view phase) {
  if (detail::fault_is_armed) [[unlikely]]
    detail::fail_if_meant(phase);
}

}  // namespace distload
