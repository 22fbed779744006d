/// Memory of a GPU whose pages come and go: CUDA's virtual memory management.
#pragma once

#include <memory>

#include "device/device.hpp"

namespace distload {

/// Addresses for at least `nbytes`, without memory.
/// @throws OutOfBudget         there are not so many.
/// @throws CommunicationError  the GPU has no virtual memory management.
std::unique_ptr<Allocation> reserve_cuda_pages(int device, Bytes nbytes);

}  // namespace distload
