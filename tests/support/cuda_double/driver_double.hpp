/// A double of the virtual memory management of CUDA's driver, in host memory. A call that breaks a rule of the
/// documentation fails with CUDA_ERROR_INVALID_VALUE.
#pragma once

#include <cstddef>

namespace cuda_double {

/// The most memory that the driver gives.
void set_driver_memory(std::size_t nbytes);
/// Memory that is in use.
std::size_t used_driver_memory();
/// Ranges of addresses that are reserved.
std::size_t reserved_ranges();

}  // namespace cuda_double
