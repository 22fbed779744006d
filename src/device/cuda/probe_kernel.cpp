// Compiled by nvcc with the options of all kernels.
#include "device/cuda/probe_kernel.hpp"

namespace distload {
namespace {

__global__ void probe() {}

}  // namespace

cudaError_t probe_kernel() {
  cudaFuncAttributes attributes{};
  if (auto const status = cudaFuncGetAttributes(&attributes, probe); status != cudaSuccess) return status;
  probe<<<1, 1>>>();
  if (auto const status = cudaGetLastError(); status != cudaSuccess) return status;
  return cudaStreamSynchronize(nullptr);
}

std::string kernel_architectures() { return DISTLOAD_KERNEL_ARCHITECTURES; }

}  // namespace distload
