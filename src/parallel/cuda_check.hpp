/// The checks of CUDA and NCCL calls: a failure keeps the call, the library's message and the source location.
#pragma once

#include "parallel/call_failure.hpp"

// The status types are plain enumerations; passed as int, so that this header needs no header of either library.

namespace distload::detail {

/// @throws InternalError  `status` is not cudaSuccess.
void check_cuda(int status, char const* call, SourcePlace const& place);

/// @throws CommunicationError  `status` is neither ncclSuccess nor ncclInProgress, which calls on a non-blocking
/// communicator return while they run.
void check_nccl(int status, char const* call, SourcePlace const& place);

}  // namespace distload::detail

#define DISTLOAD_CUDA(call) ::distload::detail::check_cuda((call), #call, {__FILE__, __LINE__})
#define DISTLOAD_NCCL(call) ::distload::detail::check_nccl((call), #call, {__FILE__, __LINE__})
