// bare_copies: what a GPU and its link give without distload, as JSON: bytes per second of cudaMemcpyAsync from pinned
// memory to the device and back, and within the device. The least time of some rounds counts.
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <cuda_runtime.h>

namespace {

constexpr std::size_t kBytes = std::size_t{1} << 30;
constexpr int kRounds = 10;

void check(cudaError_t error, char const* call) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s\n", call, cudaGetErrorString(error));
  std::exit(7);
}

double bytes_per_second(void* to, void const* from, cudaMemcpyKind kind, cudaStream_t stream) {
  cudaEvent_t begin, end;
  check(cudaEventCreate(&begin), "cudaEventCreate");
  check(cudaEventCreate(&end), "cudaEventCreate");
  float least = 1e30F;
  for (int round = 0; round < kRounds; ++round) {
    check(cudaEventRecord(begin, stream), "cudaEventRecord");
    check(cudaMemcpyAsync(to, from, kBytes, kind, stream), "cudaMemcpyAsync");
    check(cudaEventRecord(end, stream), "cudaEventRecord");
    check(cudaEventSynchronize(end), "cudaEventSynchronize");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin, end), "cudaEventElapsedTime");
    if (milliseconds < least) least = milliseconds;
  }
  return kBytes / (least * 1e-3);
}

}  // namespace

int main() {
  void* host = nullptr;
  void* device = nullptr;
  void* other = nullptr;
  cudaStream_t stream;
  check(cudaMallocHost(&host, kBytes), "cudaMallocHost");
  check(cudaMalloc(&device, kBytes), "cudaMalloc");
  check(cudaMalloc(&other, kBytes), "cudaMalloc");
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
  auto const h2d = bytes_per_second(device, host, cudaMemcpyHostToDevice, stream);
  auto const d2h = bytes_per_second(host, device, cudaMemcpyDeviceToHost, stream);
  // A copy reads and writes every byte.
  auto const d2d = 2 * bytes_per_second(other, device, cudaMemcpyDeviceToDevice, stream);
  std::printf(
      "{\"h2d_bytes_per_second\": %.0f, \"d2h_bytes_per_second\": %.0f, \"device_memory_bytes_per_second\": %.0f}\n",
      h2d, d2h, d2d);
  return 0;
}
