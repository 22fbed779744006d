/// NcclFunctions: the functions of NCCL that are used, as a table that the loaded library fills.
#pragma once

// The host build has no such header on machines without the CUDA toolkit; nothing uses the table then.
#if __has_include(<nccl.h>)
#include <string>

#include <nccl.h>

#include "base/call_failure.hpp"
#include "parallel/nccl_library.hpp"

namespace distload {

/// Applies USE to the name of each function.
#define DISTLOAD_FOR_NCCL_FUNCTIONS(USE) \
  USE(ncclGetVersion)                    \
  USE(ncclGetUniqueId)                   \
  USE(ncclCommInitRankConfig)            \
  USE(ncclCommSplit)                     \
  USE(ncclCommFinalize)                  \
  USE(ncclCommDestroy)                   \
  USE(ncclCommAbort)                     \
  USE(ncclCommGetAsyncError)             \
  USE(ncclCommCount)                     \
  USE(ncclCommUserRank)                  \
  USE(ncclGetErrorString)                \
  USE(ncclGetLastError)                  \
  USE(ncclGroupStart)                    \
  USE(ncclGroupEnd)                      \
  USE(ncclSend)                          \
  USE(ncclRecv)                          \
  USE(ncclBroadcast)                     \
  USE(ncclAllGather)                     \
  USE(ncclAllReduce)

/// Members have the names that NCCL gives them.
struct NcclFunctions {
#define DISTLOAD_MEMBER(name) decltype(&::name) name = nullptr;
  DISTLOAD_FOR_NCCL_FUNCTIONS(DISTLOAD_MEMBER)
#undef DISTLOAD_MEMBER
  int version = 0;   ///< NCCL_VERSION_CODE of the loaded library
  std::string path;  ///< its file
};

namespace detail {

/// @throws CommunicationError  `status` is neither ncclSuccess nor ncclInProgress, which calls on a non-blocking
/// communicator return while they run.
void check_nccl(ncclResult_t status, char const* call, SourcePlace const& place);

}  // namespace detail
}  // namespace distload

/// Calls a function of the loaded NCCL and checks its result: DISTLOAD_NCCL(ncclGroupEnd()).
#define DISTLOAD_NCCL(call) ::distload::detail::check_nccl(::distload::nccl().call, #call, {__FILE__, __LINE__})
#endif
