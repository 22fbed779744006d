// Chooses the device once.
#include <cstdlib>

#include "device/device.hpp"
#include "device/survey.hpp"
#if defined(DISTLOAD_ENABLE_CUDA)
#include "device/cuda/cuda_device.hpp"
#else
#include "device/emulated_device.hpp"
#include "device/host_device.hpp"
#endif

namespace distload {

Device& device_of_process() {
  static auto const device = [] {
#if defined(DISTLOAD_ENABLE_CUDA)
    return make_cuda_device(Kokkos::Cuda().cuda_device());
#else
    return std::getenv("DISTLOAD_EMULATED_DEVICE") == nullptr ? make_host_device() : make_emulated_device({});
#endif
  }();
  return *device;
}

Device* device_if_started() {
  if (is_built_for_devices() && !Kokkos::is_initialized()) return nullptr;
  return &device_of_process();
}

}  // namespace distload
