/// The check of CUDA calls: a failure keeps the call, CUDA's message, the device and the source location.
#pragma once

#include "base/call_failure.hpp"

// The status type is a plain enumeration; passed as int, so that this header needs no header of CUDA.

namespace distload::detail {

/// @throws InternalError  `status` is not cudaSuccess. Names the calling thread's current device.
void check_cuda(int status, char const* call, SourcePlace const& place);

}  // namespace distload::detail

#define DISTLOAD_CUDA(call) ::distload::detail::check_cuda((call), #call, {__FILE__, __LINE__})
