/// CudaStreamHandle: owns a cudaStream_t of the current device.
#pragma once

#include <cstddef>

#include <cuda_runtime.h>

#include <distload/base/bytes.hpp>

#include "device/cuda/cuda_check.hpp"

namespace distload {

/// A stream that does not synchronise with the legacy default stream.
class CudaStreamHandle {
 public:
  CudaStreamHandle() { DISTLOAD_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  ~CudaStreamHandle() { cudaStreamDestroy(stream_); }
  CudaStreamHandle(CudaStreamHandle const&) = delete;
  CudaStreamHandle& operator=(CudaStreamHandle const&) = delete;
  cudaStream_t get() const noexcept { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

/// Zeroes memory of the current device. Complete when it returns.
inline void zero_memory(std::byte* data, Bytes nbytes) {
  CudaStreamHandle const stream;
  DISTLOAD_CUDA(cudaMemsetAsync(data, 0, nbytes, stream.get()));
  DISTLOAD_CUDA(cudaStreamSynchronize(stream.get()));
}

}  // namespace distload
