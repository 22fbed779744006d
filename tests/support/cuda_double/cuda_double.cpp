// The functions of CUDA that src/device/cuda uses.
#include "support/cuda_double/cuda_double.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>

#include <cuda_runtime.h>

struct CUstream_st {
  int number = 0;
};
struct CUevent_st {
  int number = 0;
  std::chrono::steady_clock::time_point time;
};

namespace {

std::vector<std::string>& recorded() {
  static std::vector<std::string> all;
  return all;
}

void record(std::string const& call) { recorded().push_back(call); }

int streams = 0;
int events = 0;
std::map<void const*, int> stream_numbers;

std::string name(cudaStream_t stream) { return "stream " + std::to_string(stream->number); }
std::string name(cudaEvent_t event) { return "event " + std::to_string(event->number); }
std::string bytes(std::size_t count) { return std::to_string(count) + " bytes"; }

}  // namespace

std::vector<std::string> const& cuda_double::calls() { return recorded(); }
void cuda_double::forget() {
  recorded().clear();
  streams = 0;
  events = 0;
}

extern "C" void cuda_double_record(char const* call) { record(call); }
extern "C" int cuda_double_number_of_stream(void const* stream) {
  auto const found = stream_numbers.find(stream);
  return found == stream_numbers.end() ? -1 : found->second;
}

cudaError_t cudaSetDevice(int) { return cudaSuccess; }
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  std::strcpy(properties->name, "double");
  return cudaSuccess;
}
char const* cudaGetErrorString(cudaError_t) { return "an error of the double"; }
cudaError_t cudaGetLastError() { return cudaSuccess; }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  *stream = new CUstream_st{++streams};
  stream_numbers[*stream] = streams;
  record("cudaStreamCreateWithFlags(" + name(*stream) + (flags == cudaStreamNonBlocking ? ", non-blocking)" : ")"));
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  record("cudaStreamDestroy(" + name(stream) + ")");
  stream_numbers.erase(stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  record("cudaStreamQuery(" + name(stream) + ")");
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  record("cudaStreamSynchronize(" + name(stream) + ")");
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  record("cudaStreamWaitEvent(" + name(stream) + ", " + name(event) + ")");
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st{++events, {}};
  record("cudaEventCreateWithFlags(" + name(*event) +
         ((flags & cudaEventDisableTiming) != 0 ? ", without timing)" : ", with timing)"));
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  record("cudaEventDestroy(" + name(event) + ")");
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->time = std::chrono::steady_clock::now();
  record("cudaEventRecord(" + name(event) + ", " + name(stream) + ")");
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  record("cudaEventQuery(" + name(event) + ")");
  return cudaSuccess;
}
// Not recorded: the reading thread calls it at times of its own.
cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** data, std::size_t count) {
  record("cudaMalloc(" + bytes(count) + ")");
  *data = std::aligned_alloc(std::size_t{2} << 20U, count);
  return *data == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}
cudaError_t cudaFree(void* data) {
  record("cudaFree()");
  std::free(data);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = std::size_t{80} << 30U;
  *total = *free;
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* data, int value, std::size_t count, cudaStream_t stream) {
  record("cudaMemsetAsync(" + bytes(count) + ", " + name(stream) + ")");
  std::memset(data, value, count);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, void const* from, std::size_t count, cudaMemcpyKind, cudaStream_t stream) {
  record("cudaMemcpyAsync(" + bytes(count) + ", " + name(stream) + ")");
  std::memcpy(to, from, count);
  return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
  record("cudaLaunchHostFunc(" + name(stream) + ")");
  function(argument);
  return cudaSuccess;
}
cudaError_t cudaHostRegister(void* data, std::size_t count, unsigned) {
  auto const is_aligned = reinterpret_cast<std::uintptr_t>(data) % (std::size_t{2} << 20U) == 0;
  record("cudaHostRegister(" + bytes(count) + (is_aligned ? ", at a huge page)" : ")"));
  return cudaSuccess;
}
cudaError_t cudaHostUnregister(void*) {
  record("cudaHostUnregister()");
  return cudaSuccess;
}
// One process: its memory is known by its address.
cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t* handle, void* data) {
  record("cudaIpcGetMemHandle()");
  std::memcpy(handle, &data, sizeof data);
  return cudaSuccess;
}
cudaError_t cudaIpcOpenMemHandle(void** data, cudaIpcMemHandle_t handle, unsigned flags) {
  record(flags == cudaIpcMemLazyEnablePeerAccess ? "cudaIpcOpenMemHandle(with peer access)" : "cudaIpcOpenMemHandle()");
  std::memcpy(data, &handle, sizeof *data);
  return cudaSuccess;
}
cudaError_t cudaIpcCloseMemHandle(void*) {
  record("cudaIpcCloseMemHandle()");
  return cudaSuccess;
}
