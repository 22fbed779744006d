// Converts the status of NCCL calls to exceptions.
#include "parallel/nccl_check.hpp"

#include <nccl.h>

#include <distload/base/error.hpp>

namespace distload::detail {

void check_nccl(int status, char const* call, SourcePlace const& place) {
  if (status == ncclSuccess || status == ncclInProgress) return;
  throw CommunicationError(describe_call_failure(call, ncclGetErrorString(static_cast<ncclResult_t>(status)), place));
}

}  // namespace distload::detail
