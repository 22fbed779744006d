// Asks Kokkos or, where it has not been started, OpenMP.
#include "tensor/kernels/host_concurrency.hpp"

#include <Kokkos_Core.hpp>

#if defined(KOKKOS_ENABLE_OPENMP)
#include <omp.h>
#endif

namespace distload {

std::uint32_t host_concurrency() {
  if (Kokkos::is_initialized()) return static_cast<std::uint32_t>(Kokkos::DefaultHostExecutionSpace().concurrency());
#if defined(KOKKOS_ENABLE_OPENMP)
  return static_cast<std::uint32_t>(omp_get_max_threads());
#else
  return 1;
#endif
}

}  // namespace distload
