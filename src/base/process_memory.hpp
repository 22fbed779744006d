/// Host memory used by and available to this process, from /proc and the control group.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/base/bytes.hpp>

namespace distload {

/// Resets the peak, so that `peak_resident_bytes` covers only what follows. Has no effect where the kernel forbids it.
void reset_peak_resident() noexcept;

/// The largest resident set of this process since the last reset (VmHWM); nothing if /proc does not report it.
std::optional<Bytes> peak_resident_bytes();

/// Anonymous memory of this process that has pages (RssAnon): private memory, as opposed to mapped files. Nothing if
/// /proc does not report it.
std::optional<Bytes> anonymous_resident_bytes();

/// Host memory available to each of `sharers` processes of this node: the minimum of the kernel's estimate and the
/// control group's limit, divided evenly. Nothing if the system reports neither.
std::optional<Bytes> available_host_bytes(std::uint32_t sharers);

}  // namespace distload
