// One mapping for each page, because CUDA unmaps only what was mapped as a whole
// (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__VA.html).
#include "device/cuda/cuda_pages.hpp"

#include <string>

#include <cuda.h>
#include <cuda_runtime.h>

#include <distload/base/error.hpp>

#include "base/host_memory.hpp"
#include "device/cuda/cuda_check.hpp"
#include "device/cuda/cuda_stream_handle.hpp"
#include "device/paged_allocation.hpp"

namespace distload {
namespace {

/// @throws OutOfBudget    the GPU has no memory left.
/// @throws InternalError  any other failure.
void check(CUresult result, char const* call) {
  if (result == CUDA_SUCCESS) return;
  auto const text = std::string(call) + " returns error " + std::to_string(result) + " of the CUDA driver";
  if (result == CUDA_ERROR_OUT_OF_MEMORY) throw OutOfBudget(text);
  throw InternalError(text);
}

/// Memory of a GPU as large as its smallest mapping.
CUmemAllocationProp properties_of(int device) {
  CUmemAllocationProp properties{};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  properties.location.id = device;
  // As cudaMalloc's: network adapters may access it where the GPU permits that.
  int is_capable = 0;
  check(cuDeviceGetAttribute(&is_capable, CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_WITH_CUDA_VMM_SUPPORTED, device),
        "cuDeviceGetAttribute");
  properties.allocFlags.gpuDirectRDMACapable = is_capable != 0 ? 1 : 0;
  return properties;
}

Bytes page_bytes_of(CUmemAllocationProp const& properties) {
  std::size_t granularity = 0;
  check(cuMemGetAllocationGranularity(&granularity, &properties, CU_MEM_ALLOC_GRANULARITY_MINIMUM),
        "cuMemGetAllocationGranularity");
  return round_up(kHugePageBytes, granularity);
}

class CudaPages final : public PagedAllocation {
 public:
  CudaPages(int device, CUmemAllocationProp const& properties, Bytes page_bytes, std::size_t pages)
      : PagedAllocation(page_bytes, pages), device_(device), properties_(properties), nbytes_(pages * page_bytes) {
    check(cuMemAddressReserve(&address_, nbytes_, page_bytes, 0, 0), "cuMemAddressReserve");
  }
  ~CudaPages() override {
    release_all();
    cuMemAddressFree(address_, nbytes_);
  }
  CudaPages(CudaPages const&) = delete;
  CudaPages& operator=(CudaPages const&) = delete;

  std::byte* data() const noexcept override {
    return reinterpret_cast<std::byte*>(address_);  // NOLINT(performance-no-int-to-ptr)
  }

 private:
  void add(std::size_t first, std::size_t count) override {
    DISTLOAD_CUDA(cudaSetDevice(device_));
    std::size_t mapped = 0;
    try {
      for (; mapped < count; ++mapped) map(first + mapped);
      CUmemAccessDesc access{};
      access.location = properties_.location;
      access.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
      auto const begin = address_ + first * page_bytes();
      auto const nbytes = count * page_bytes();
      check(cuMemSetAccess(begin, nbytes, &access, 1), "cuMemSetAccess");
      zero_memory(data() + first * page_bytes(), nbytes);
    } catch (...) {
      while (mapped > 0) drop(first + --mapped);
      throw;
    }
  }

  void map(std::size_t page) {
    CUmemGenericAllocationHandle memory{};
    check(cuMemCreate(&memory, page_bytes(), &properties_, 0), "cuMemCreate");
    auto const status = cuMemMap(address_ + page * page_bytes(), page_bytes(), 0, memory, 0);
    // The memory lives as long as its mapping.
    auto const released = cuMemRelease(memory);
    check(status, "cuMemMap");
    check(released, "cuMemRelease");
  }

  void drop(std::size_t page) noexcept override { cuMemUnmap(address_ + page * page_bytes(), page_bytes()); }

  int device_;
  CUmemAllocationProp properties_;
  Bytes nbytes_;
  CUdeviceptr address_ = 0;
};

}  // namespace

std::unique_ptr<Allocation> reserve_cuda_pages(int device, Bytes nbytes) {
  DISTLOAD_CUDA(cudaSetDevice(device));
  int has_pages = 0;
  check(cuDeviceGetAttribute(&has_pages, CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, device),
        "cuDeviceGetAttribute");
  if (has_pages == 0) throw CommunicationError("the GPU has no virtual memory management, which frees memory by pages");
  auto const properties = properties_of(device);
  auto const page = page_bytes_of(properties);
  return std::make_unique<CudaPages>(device, properties, page, divide_up(nbytes, page));
}

}  // namespace distload
