// CUDA's streams. Functions of a stream must not call CUDA, so that copies are enqueued between them.
#include <cstdio>
#include <cstdlib>

#include <cuda_runtime.h>

#include "streams.hpp"

namespace nccl_double {
namespace {

void check(cudaError_t status, char const* call) {
  if (status == cudaSuccess) return;
  std::fprintf(stderr, "nccl double: %s failed: %s\n", call, cudaGetErrorString(status));
  std::abort();
}

void call_and_delete(void* argument) {
  std::unique_ptr<std::function<void()>> const function(static_cast<std::function<void()>*>(argument));
  (*function)();
}

}  // namespace

void enqueue(cudaStream_t stream, std::function<void()> function) {
  check(cudaLaunchHostFunc(stream, &call_and_delete, new std::function<void()>(std::move(function))),
        "cudaLaunchHostFunc");
}

void enqueue_copy(cudaStream_t stream, void* to, void const* from, std::size_t nbytes, std::atomic<bool> const&) {
  if (nbytes > 0 && to != from) check(cudaMemcpyAsync(to, from, nbytes, cudaMemcpyDefault, stream), "cudaMemcpyAsync");
}

std::shared_ptr<std::byte> stage(std::size_t nbytes) {
  void* data = nullptr;
  check(cudaHostAlloc(&data, nbytes == 0 ? 1 : nbytes, cudaHostAllocPortable), "cudaHostAlloc");
  // Never freed: the last owner may be a function of a stream, which must not call CUDA.
  return {static_cast<std::byte*>(data), [](std::byte*) {}};
}

void register_memory(void* memory, std::size_t nbytes) {
  check(cudaHostRegister(memory, nbytes, cudaHostRegisterPortable), "cudaHostRegister");
}

int current_device() {
  int device = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  return device;
}

void use_device(int device) { check(cudaSetDevice(device), "cudaSetDevice"); }

std::string why_not_device_memory(void const* data, std::size_t, int device) {
  cudaPointerAttributes attributes{};
  if (cudaPointerGetAttributes(&attributes, data) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    return "unknown to CUDA";
  }
  if (attributes.type != cudaMemoryTypeDevice && attributes.type != cudaMemoryTypeManaged) return "host memory";
  if (attributes.device != device) return "memory of device " + std::to_string(attributes.device);
  return {};
}

}  // namespace nccl_double
