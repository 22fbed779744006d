/// probe_kernel: runs an empty kernel that is compiled like all others of this build.
#pragma once

#include <string>

#include <cuda_runtime.h>

namespace distload {

/// Local: runs on the current device and waits; what CUDA says to it.
cudaError_t probe_kernel();

/// The architectures that this build has code for: "80 and newer, with machine code for 80, 90, 100".
std::string kernel_architectures();

}  // namespace distload
