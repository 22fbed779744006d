// bare_copies: what a GPU and its link give without distload, as JSON: bytes per second of cudaMemcpyAsync from pinned
// memory to the device and back, and within the device. The least time of some rounds counts.
// With --occupy BYTES_LEFT it takes the device's memory except for so many bytes, says so, and waits for the end of
// stdin.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <cuda_runtime.h>
#include <sys/mman.h>

namespace {

constexpr std::size_t kBytes = std::size_t{1} << 30;
constexpr std::size_t kHugePage = std::size_t{1} << 21;
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

/// Huge pages, registered afterwards, as distload's ring is.
void* registered_pages() {
  void* const mapped =
      mmap(nullptr, kBytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) {
    std::perror("mmap");
    std::exit(6);
  }
  auto const begin = (reinterpret_cast<std::size_t>(mapped) + kHugePage - 1) / kHugePage * kHugePage;
  auto* const pages = reinterpret_cast<void*>(begin);
  madvise(pages, kBytes, MADV_HUGEPAGE);
  std::memset(pages, 1, kBytes);
  check(cudaHostRegister(pages, kBytes, cudaHostRegisterPortable), "cudaHostRegister");
  return pages;
}

int occupy(std::size_t left) {
  std::size_t free = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  void* taken = nullptr;
  if (free > left) check(cudaMalloc(&taken, free - left), "cudaMalloc");
  std::printf("occupied\n");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--occupy") == 0) return occupy(std::strtoull(argv[2], nullptr, 10));
  void* host = nullptr;
  void* device = nullptr;
  void* other = nullptr;
  cudaStream_t stream;
  check(cudaMallocHost(&host, kBytes), "cudaMallocHost");
  check(cudaMalloc(&device, kBytes), "cudaMalloc");
  check(cudaMalloc(&other, kBytes), "cudaMalloc");
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  auto const h2d = bytes_per_second(device, host, cudaMemcpyHostToDevice, stream);
  auto const registered = bytes_per_second(device, registered_pages(), cudaMemcpyHostToDevice, stream);
  auto const d2h = bytes_per_second(host, device, cudaMemcpyDeviceToHost, stream);
  // A copy reads and writes every byte.
  auto const d2d = 2 * bytes_per_second(other, device, cudaMemcpyDeviceToDevice, stream);
  std::printf(
      "{\"h2d_bytes_per_second\": %.0f, \"h2d_registered_bytes_per_second\": %.0f, \"d2h_bytes_per_second\": %.0f, "
      "\"device_memory_bytes_per_second\": %.0f}\n",
      h2d, registered, d2h, d2d);
  return 0;
}
