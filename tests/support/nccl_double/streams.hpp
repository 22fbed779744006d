/// The streams and the memory that the double works on: those of the emulated device, or CUDA's.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <cuda_runtime_api.h>

namespace nccl_double {

/// Calls `function` in the order of `stream`. It must not throw.
void enqueue(cudaStream_t stream, std::function<void()> function);

/// Copies in the order of `stream`, between memory of the device and memory of `stage` or of a SharedGroup.
/// @param is_aborted  lives until the copy is complete; if it is true then, an emulated stream leaves the copy out
void enqueue_copy(cudaStream_t stream, void* to, void const* from, std::size_t nbytes,
                  std::atomic<bool> const& is_aborted);

/// Host memory to copy to and from; lives until the last owner has released it.
std::shared_ptr<std::byte> stage(std::size_t nbytes);

/// Makes shared memory fit for enqueue_copy. It stays so until the process ends.
void register_memory(void* memory, std::size_t nbytes);

/// The calling thread's current device, and makes one current.
int current_device();
void use_device(int device);

/// Why `nbytes` at `data` are not memory of the device; empty if they are.
std::string why_not_device_memory(void const* data, std::size_t nbytes, int device);

}  // namespace nccl_double
