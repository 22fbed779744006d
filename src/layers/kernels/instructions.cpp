#include "layers/kernels/instructions.hpp"

namespace distload::matmul {

std::vector<Instructions> available_instructions() {
  std::vector<Instructions> available{Instructions::portable};
#if defined(DISTLOAD_X86_KERNELS)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
    available.push_back(Instructions::avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
      available.push_back(Instructions::avx512);
    }
  }
#endif
  return available;
}

Kernels const& kernels_of(Instructions instructions) {
#if defined(DISTLOAD_X86_KERNELS)
  if (instructions == Instructions::avx512) return kAvx512Kernels;
  if (instructions == Instructions::avx2) return kAvx2Kernels;
#endif
  static_cast<void>(instructions);
  return kPortableKernels;
}

}  // namespace distload::matmul
