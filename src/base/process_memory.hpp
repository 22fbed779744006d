/// What this process uses and may use of host memory, from /proc and the control group.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/base/bytes.hpp>

namespace distload {

/// Forgets the peak so far, so that `peak_resident_bytes` is about what follows. Where the kernel does not allow it,
/// the peak stays.
void reset_peak_resident() noexcept;

/// The largest resident set of this process since the last reset (VmHWM), or nothing where /proc does not say.
std::optional<Bytes> peak_resident_bytes();

/// Bytes of host memory that one of `sharers` processes on this node can have: what the kernel calls available, or what
/// the control group leaves, divided evenly. Nothing if the system does not say.
std::optional<Bytes> available_host_bytes(std::uint32_t sharers);

}  // namespace distload
