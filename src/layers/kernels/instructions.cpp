#include "layers/kernels/instructions.hpp"

#if defined(DISTLOAD_X86_KERNELS)
#include <cpuid.h>
#endif

namespace distload::matmul {
namespace {

#if defined(DISTLOAD_X86_KERNELS)
/// Clang 14's __builtin_cpu_supports does not know F16C.
bool has_f16c() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & static_cast<unsigned>(bit_F16C)) != 0;
}
#endif

}  // namespace

std::vector<Instructions> available_instructions() {
  std::vector<Instructions> available{Instructions::portable};
#if defined(DISTLOAD_X86_KERNELS)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c()) {
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
