// The driver functions that Kokkos calls, found through the CUDA runtime when they are called. Therefore programs do
// not link to libcuda.so.1, and start on machines without a driver, such as login nodes.
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

}  // namespace

// Hidden: they serve only the program that they are linked into, not libraries that it loads.
#define DISTLOAD_DRIVER_FUNCTION extern "C" __attribute__((visibility("hidden"))) CUresult

DISTLOAD_DRIVER_FUNCTION cuCtxGetDevice(CUdevice* device) {
  static auto* const function = driver_function<CUresult(CUdevice*)>("cuCtxGetDevice", 2000);
  return function == nullptr ? CUDA_ERROR_NOT_INITIALIZED : function(device);
}

DISTLOAD_DRIVER_FUNCTION cuCtxPushCurrent(CUcontext context) {
  static auto* const function = driver_function<CUresult(CUcontext)>("cuCtxPushCurrent", 4000);
  return function == nullptr ? CUDA_ERROR_NOT_INITIALIZED : function(context);
}

DISTLOAD_DRIVER_FUNCTION cuStreamGetCtx(CUstream stream, CUcontext* context) {
  static auto* const function = driver_function<CUresult(CUstream, CUcontext*)>("cuStreamGetCtx", 9020);
  return function == nullptr ? CUDA_ERROR_NOT_INITIALIZED : function(stream, context);
}
