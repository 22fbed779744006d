// Memory is a file without a name, addresses are a mapping without access
// (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__VA.html).
#include "support/cuda_double/driver_double.hpp"

#include <cstdint>
#include <iterator>
#include <map>

#include <cuda.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr std::size_t kGranularity = std::size_t{2} << 20U;

struct Memory {
  int descriptor = -1;
  std::size_t nbytes = 0;
  bool has_handle = true;
  int mappings = 0;
};

struct Mapping {
  std::size_t nbytes = 0;
  CUmemGenericAllocationHandle memory = 0;
};

struct Driver {
  std::size_t most = SIZE_MAX;
  std::size_t used = 0;
  CUmemGenericAllocationHandle next = 1;
  std::map<CUmemGenericAllocationHandle, Memory> memories;
  std::map<CUdeviceptr, std::size_t> ranges;
  std::map<CUdeviceptr, Mapping> mappings;
};

Driver& driver() {
  static Driver one;
  return one;
}

void* pointer(CUdeviceptr address) { return reinterpret_cast<void*>(address); }

void free_if_unused(CUmemGenericAllocationHandle handle) {
  auto const found = driver().memories.find(handle);
  if (found->second.has_handle || found->second.mappings > 0) return;
  close(found->second.descriptor);
  driver().used -= found->second.nbytes;
  driver().memories.erase(found);
}

bool is_free(CUdeviceptr address, std::size_t size) {
  auto const& mappings = driver().mappings;
  auto const next = mappings.lower_bound(address);
  if (next != mappings.end() && next->first < address + size) return false;
  if (next == mappings.begin()) return true;
  auto const before = std::prev(next);
  return before->first + before->second.nbytes <= address;
}

bool is_reserved(CUdeviceptr address, std::size_t size) {
  auto const behind = driver().ranges.upper_bound(address);
  if (behind == driver().ranges.begin()) return false;
  auto const range = std::prev(behind);
  return address + size <= range->first + range->second;
}

}  // namespace

void cuda_double::set_driver_memory(std::size_t nbytes) { driver().most = nbytes; }
std::size_t cuda_double::used_driver_memory() { return driver().used; }
std::size_t cuda_double::reserved_ranges() { return driver().ranges.size(); }

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute, CUdevice) {
  *value = 1;
  return CUDA_SUCCESS;
}
CUresult cuMemGetAllocationGranularity(size_t* granularity, CUmemAllocationProp const*,
                                       CUmemAllocationGranularity_flags) {
  *granularity = kGranularity;
  return CUDA_SUCCESS;
}
CUresult cuMemAddressReserve(CUdeviceptr* address, size_t size, size_t, CUdeviceptr, unsigned long long) {
  if (size == 0 || size % kGranularity != 0) return CUDA_ERROR_INVALID_VALUE;
  auto* const data = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
  *address = reinterpret_cast<CUdeviceptr>(data);
  driver().ranges.emplace(*address, size);
  return CUDA_SUCCESS;
}
CUresult cuMemAddressFree(CUdeviceptr address, size_t size) {
  auto const range = driver().ranges.find(address);
  if (range == driver().ranges.end() || range->second != size || !is_free(address, size))
    return CUDA_ERROR_INVALID_VALUE;
  munmap(pointer(address), size);
  driver().ranges.erase(range);
  return CUDA_SUCCESS;
}
CUresult cuMemCreate(CUmemGenericAllocationHandle* handle, size_t size, CUmemAllocationProp const* properties,
                     unsigned long long) {
  if (size == 0 || size % kGranularity != 0 || properties->type != CU_MEM_ALLOCATION_TYPE_PINNED ||
      properties->location.type != CU_MEM_LOCATION_TYPE_DEVICE) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  if (driver().used + size > driver().most) return CUDA_ERROR_OUT_OF_MEMORY;
  Memory memory{.descriptor = memfd_create("driver", 0), .nbytes = size};
  if (ftruncate(memory.descriptor, static_cast<off_t>(size)) != 0) return CUDA_ERROR_OUT_OF_MEMORY;
  // What a GPU has in new memory is not documented.
  unsigned char const garbage = 0xab;
  for (std::size_t at = 0; at < size; at += 4096) {
    if (pwrite(memory.descriptor, &garbage, 1, static_cast<off_t>(at)) != 1) return CUDA_ERROR_OUT_OF_MEMORY;
  }
  driver().used += size;
  *handle = driver().next++;
  driver().memories.emplace(*handle, memory);
  return CUDA_SUCCESS;
}
CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
  auto const found = driver().memories.find(handle);
  if (found == driver().memories.end() || !found->second.has_handle) return CUDA_ERROR_INVALID_VALUE;
  found->second.has_handle = false;
  free_if_unused(handle);
  return CUDA_SUCCESS;
}
CUresult cuMemMap(CUdeviceptr address, size_t size, size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long) {
  auto const found = driver().memories.find(handle);
  if (found == driver().memories.end() || !found->second.has_handle || offset != 0 || size != found->second.nbytes ||
      !is_reserved(address, size) || !is_free(address, size)) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  // No access until cuMemSetAccess.
  if (mmap(pointer(address), size, PROT_NONE, MAP_SHARED | MAP_FIXED, found->second.descriptor, 0) == MAP_FAILED)
    return CUDA_ERROR_OUT_OF_MEMORY;
  ++found->second.mappings;
  driver().mappings.emplace(address, Mapping{.nbytes = size, .memory = handle});
  return CUDA_SUCCESS;
}
CUresult cuMemUnmap(CUdeviceptr address, size_t size) {
  auto const found = driver().mappings.find(address);
  if (found == driver().mappings.end() || found->second.nbytes != size) return CUDA_ERROR_INVALID_VALUE;
  mmap(pointer(address), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  auto const memory = found->second.memory;
  driver().mappings.erase(found);
  --driver().memories.at(memory).mappings;
  free_if_unused(memory);
  return CUDA_SUCCESS;
}
CUresult cuMemSetAccess(CUdeviceptr address, size_t size, CUmemAccessDesc const* access, size_t count) {
  if (count != 1 || access->flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE) return CUDA_ERROR_INVALID_VALUE;
  for (auto at = address; at < address + size;) {
    auto const found = driver().mappings.find(at);
    if (found == driver().mappings.end()) return CUDA_ERROR_INVALID_VALUE;
    at += found->second.nbytes;
  }
  mprotect(pointer(address), size, PROT_READ | PROT_WRITE);
  return CUDA_SUCCESS;
}
