// Converts the status of CUDA and NCCL calls to exceptions.
#include "parallel/cuda_check.hpp"

#include <cuda_runtime.h>
#include <nccl.h>

#include <distload/base/error.hpp>

namespace distload::detail {

void check_cuda(int status, char const* call, SourcePlace const& place) {
  if (status == cudaSuccess) return;
  throw InternalError(describe_call_failure(call, cudaGetErrorString(static_cast<cudaError_t>(status)), place));
}

void check_nccl(int status, char const* call, SourcePlace const& place) {
  if (status == ncclSuccess || status == ncclInProgress) return;
  throw CommunicationError(describe_call_failure(call, ncclGetErrorString(static_cast<ncclResult_t>(status)), place));
}

}  // namespace distload::detail
