// Streams of the emulated device, by a function that the program gives.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include "report.hpp"
#include "streams.hpp"

namespace nccl_double {

using EnqueueOnStream = void (*)(void* stream, void (*function)(void*), void* argument);

namespace {

EnqueueOnStream enqueue_on_stream = nullptr;

void call_and_delete(void* argument) {
  std::unique_ptr<std::function<void()>> const function(static_cast<std::function<void()>*>(argument));
  (*function)();
}

/// The mappings of device memory, by their ends.
std::map<std::uintptr_t, std::uintptr_t> device_memory() {
  std::map<std::uintptr_t, std::uintptr_t> begin_by_end;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/memfd:distload ") == std::string::npos) continue;
    auto const dash = line.find('-');
    auto const begin = std::strtoull(line.c_str(), nullptr, 16);
    begin_by_end[std::strtoull(line.c_str() + dash + 1, nullptr, 16)] = begin;
  }
  return begin_by_end;
}

}  // namespace

void enqueue(cudaStream_t stream, std::function<void()> function) {
  if (stream == nullptr || enqueue_on_stream == nullptr) std::abort();  // the caller has checked it
  enqueue_on_stream(stream, &call_and_delete, new std::function<void()>(std::move(function)));
}

void enqueue_copy(cudaStream_t stream, void* to, void const* from, std::size_t nbytes,
                  std::atomic<bool> const& is_aborted) {
  if (nbytes == 0 || to == from) return;
  enqueue(stream, [=, &is_aborted] {
    if (!is_aborted) std::memcpy(to, from, nbytes);
  });
}

std::shared_ptr<std::byte> stage(std::size_t nbytes) {
  return {static_cast<std::byte*>(std::malloc(nbytes == 0 ? 1 : nbytes)), [](std::byte* data) { std::free(data); }};
}

void register_memory(void*, std::size_t) {}

int current_device() { return 0; }
void use_device(int) {}

std::string why_not_device_memory(void const* data, std::size_t nbytes, int) {
  auto const begin = reinterpret_cast<std::uintptr_t>(data);
  auto const memory = device_memory();
  auto const found = memory.lower_bound(begin + (nbytes == 0 ? 1 : nbytes));
  if (found != memory.end() && found->second <= begin) return {};
  return "host memory";
}

}  // namespace nccl_double

extern "C" __attribute__((visibility("default"))) void distload_nccl_double_use_streams(
    nccl_double::EnqueueOnStream function) {
  nccl_double::enqueue_on_stream = function;
}
