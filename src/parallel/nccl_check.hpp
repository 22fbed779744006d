/// The check of NCCL calls: a failure keeps the call, NCCL's message and the source location.
#pragma once

#include "base/call_failure.hpp"

// The status type is a plain enumeration; passed as int, so that this header needs no header of NCCL.

namespace distload::detail {

/// @throws CommunicationError  `status` is neither ncclSuccess nor ncclInProgress, which calls on a non-blocking
/// communicator return while they run.
void check_nccl(int status, char const* call, SourcePlace const& place);

}  // namespace distload::detail

#define DISTLOAD_NCCL(call) ::distload::detail::check_nccl((call), #call, {__FILE__, __LINE__})
