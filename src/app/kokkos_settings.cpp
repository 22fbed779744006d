// Shares out a node's cores and devices.
#include "app/kokkos_settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

#if defined(KOKKOS_ENABLE_OPENMP)
#include <omp.h>
#endif

#include <distload/config/config.hpp>

namespace distload {

Kokkos::InitializationSettings kokkos_settings(std::optional<std::uint32_t> threads, ProcessGrid const& grid) {
  Kokkos::InitializationSettings settings;
  if (!threads && std::getenv("OMP_NUM_THREADS") == nullptr) {
    // Every rank by itself would take all of the node's cores.
    threads = std::clamp(std::thread::hardware_concurrency() / grid.node_size(), 1U, kMaxHostThreads);
  }
  if (threads) {
    settings.set_num_threads(static_cast<int>(*threads));
#if defined(KOKKOS_ENABLE_OPENMP)
    // Kokkos asks OpenMP for its number of threads by starting them all. Idle, they would spin for milliseconds, just
    // when one rank reads the metadata that all are waiting for.
    omp_set_num_threads(static_cast<int>(*threads));
#endif
  }
  // Kokkos advises on OMP_PROC_BIND, which is the launcher's business here.
  settings.set_disable_warnings(true);
  // One device per rank of a node; where only one is visible, the launcher has chosen.
  if (Kokkos::num_devices() > 1) settings.set_device_id(static_cast<int>(grid.node_rank()) % Kokkos::num_devices());
  return settings;
}

}  // namespace distload
