// Converts the status of CUDA calls to exceptions.
#include "device/cuda/cuda_check.hpp"

#include <string>

#include <cuda_runtime.h>

#include <distload/base/error.hpp>

namespace distload::detail {

void check_cuda(int status, char const* call, SourcePlace const& place) {
  if (status == cudaSuccess) return;
  int device = -1;
  auto const on = cudaGetDevice(&device) == cudaSuccess ? " on GPU " + std::to_string(device) : std::string();
  throw InternalError(describe_call_failure(call, cudaGetErrorString(static_cast<cudaError_t>(status)), place) + on);
}

}  // namespace distload::detail
