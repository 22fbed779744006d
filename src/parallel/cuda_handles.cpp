// Wraps CUDA calls.
#include "parallel/cuda_handles.hpp"

#include <cuda_runtime.h>

#include "device/cuda/cuda_check.hpp"

namespace distload {

CudaStream::CudaStream() {
  cudaStream_t stream = nullptr;
  DISTLOAD_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  stream_.reset(stream);
}

bool CudaStream::is_done() const {
  auto const status = cudaStreamQuery(stream_.get());
  if (status == cudaErrorNotReady) return false;
  detail::check_cuda(status, "cudaStreamQuery", {__FILE__, __LINE__});
  return true;
}

void CudaStream::Destroy::operator()(CUstream_st* stream) const noexcept { cudaStreamDestroy(stream); }

CudaBuffer::CudaBuffer(std::size_t nbytes) {
  void* data = nullptr;
  DISTLOAD_CUDA(cudaMalloc(&data, nbytes));
  data_.reset(static_cast<std::byte*>(data));
  DISTLOAD_CUDA(cudaMemset(data, 0, nbytes));
}

void CudaBuffer::Free::operator()(std::byte* data) const noexcept { cudaFree(data); }

}  // namespace distload
