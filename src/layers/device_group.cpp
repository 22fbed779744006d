// Starts NCCL on the device that Kokkos uses.
#include "layers/device_group.hpp"

#if defined(DISTLOAD_ENABLE_CUDA)
#include "device/device.hpp"
#include "parallel/nccl_communicator.hpp"
#endif

namespace distload {

std::unique_ptr<Communicator> device_group([[maybe_unused]] Communicator& group) {
#if defined(DISTLOAD_ENABLE_CUDA)
  if (group.size() == 1) return nullptr;
  NcclCommunicator::Options options;
  options.device = &device_of_process();
  return std::make_unique<NcclCommunicator>(group, options);
#else
  return nullptr;
#endif
}

}  // namespace distload
