// The driver functions that Kokkos and cuda_pages.cpp call, found through the CUDA runtime when they are called.
// Therefore programs do not link to libcuda.so.1, and start on machines without a driver, such as login nodes.
#include <cuda.h>
#include <cuda_runtime_api.h>

namespace {

/// @param version  the CUDA version in which the function got the form that it has here; another version could be
/// another form (https://docs.nvidia.com/cuda/cuda-programming-guide/04-special-topics/driver-entry-point-access.html).
template <class Function>
Function* driver_function(char const* name, [[maybe_unused]] unsigned version) {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult result{};
#if CUDART_VERSION >= 12050
  auto const status = cudaGetDriverEntryPointByVersion(name, &found, version, cudaEnableDefault, &result);
#else
  auto const status = cudaGetDriverEntryPoint(name, &found, cudaEnableDefault, &result);
#endif
  bool const is_found = status == cudaSuccess && result == cudaDriverEntryPointSuccess;
  return is_found ? reinterpret_cast<Function*>(found) : nullptr;
}

template <class Function, class... Arguments>
CUresult call(Function* function, Arguments... arguments) {
  return function == nullptr ? CUDA_ERROR_NOT_INITIALIZED : function(arguments...);
}

}  // namespace

// Hidden: they serve only the program that they are linked into, not libraries that it loads.
#define DISTLOAD_DRIVER_FUNCTION extern "C" __attribute__((visibility("hidden"))) CUresult

DISTLOAD_DRIVER_FUNCTION cuCtxGetDevice(CUdevice* device) {
  static auto* const function = driver_function<decltype(cuCtxGetDevice)>("cuCtxGetDevice", 2000);
  return call(function, device);
}

DISTLOAD_DRIVER_FUNCTION cuCtxPushCurrent(CUcontext context) {
  static auto* const function = driver_function<decltype(cuCtxPushCurrent)>("cuCtxPushCurrent", 4000);
  return call(function, context);
}

DISTLOAD_DRIVER_FUNCTION cuStreamGetCtx(CUstream stream, CUcontext* context) {
  static auto* const function = driver_function<decltype(cuStreamGetCtx)>("cuStreamGetCtx", 9020);
  return call(function, stream, context);
}

DISTLOAD_DRIVER_FUNCTION cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
  static auto* const function = driver_function<decltype(cuDeviceGetAttribute)>("cuDeviceGetAttribute", 2000);
  return call(function, value, attribute, device);
}

DISTLOAD_DRIVER_FUNCTION cuMemGetAllocationGranularity(size_t* granularity, CUmemAllocationProp const* properties,
                                                       CUmemAllocationGranularity_flags option) {
  static auto* const function =
      driver_function<decltype(cuMemGetAllocationGranularity)>("cuMemGetAllocationGranularity", 10020);
  return call(function, granularity, properties, option);
}

DISTLOAD_DRIVER_FUNCTION cuMemAddressReserve(CUdeviceptr* address, size_t size, size_t alignment, CUdeviceptr hint,
                                             unsigned long long flags) {
  static auto* const function = driver_function<decltype(cuMemAddressReserve)>("cuMemAddressReserve", 10020);
  return call(function, address, size, alignment, hint, flags);
}

DISTLOAD_DRIVER_FUNCTION cuMemAddressFree(CUdeviceptr address, size_t size) {
  static auto* const function = driver_function<decltype(cuMemAddressFree)>("cuMemAddressFree", 10020);
  return call(function, address, size);
}

DISTLOAD_DRIVER_FUNCTION cuMemCreate(CUmemGenericAllocationHandle* memory, size_t size,
                                     CUmemAllocationProp const* properties, unsigned long long flags) {
  static auto* const function = driver_function<decltype(cuMemCreate)>("cuMemCreate", 10020);
  return call(function, memory, size, properties, flags);
}

DISTLOAD_DRIVER_FUNCTION cuMemRelease(CUmemGenericAllocationHandle memory) {
  static auto* const function = driver_function<decltype(cuMemRelease)>("cuMemRelease", 10020);
  return call(function, memory);
}

DISTLOAD_DRIVER_FUNCTION cuMemMap(CUdeviceptr address, size_t size, size_t offset, CUmemGenericAllocationHandle memory,
                                  unsigned long long flags) {
  static auto* const function = driver_function<decltype(cuMemMap)>("cuMemMap", 10020);
  return call(function, address, size, offset, memory, flags);
}

DISTLOAD_DRIVER_FUNCTION cuMemUnmap(CUdeviceptr address, size_t size) {
  static auto* const function = driver_function<decltype(cuMemUnmap)>("cuMemUnmap", 10020);
  return call(function, address, size);
}

DISTLOAD_DRIVER_FUNCTION cuMemSetAccess(CUdeviceptr address, size_t size, CUmemAccessDesc const* access, size_t count) {
  static auto* const function = driver_function<decltype(cuMemSetAccess)>("cuMemSetAccess", 10020);
  return call(function, address, size, access, count);
}
