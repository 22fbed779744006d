/// A GPU as a device.
#pragma once

#include <memory>

#include "device/device.hpp"

namespace distload {

/// The GPU number `number` of this process, which becomes the calling thread's current device.
/// @throws CommunicationError  CUDA cannot use it.
std::unique_ptr<Device> make_cuda_device(int number);

}  // namespace distload
