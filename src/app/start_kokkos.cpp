// Divides a node's cores and devices among its ranks.
#include "app/start_kokkos.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

#if defined(KOKKOS_ENABLE_OPENMP)
#include <omp.h>
#endif

#include <distload/config/config.hpp>

#include "app/bind_rank.hpp"
#include "app/host_threads.hpp"
#include "base/log.hpp"
#include "device/survey.hpp"
#include "parallel/choose_device.hpp"

namespace distload {

std::unique_ptr<Kokkos::ScopeGuard> start_kokkos(std::optional<std::uint32_t> threads, ProcessGrid const& grid,
                                                 std::optional<int> device, NumaBinding bind) {
  // By default every rank would use all cores of the node.
  auto const share = std::clamp(std::thread::hardware_concurrency() / grid.node_size(), 1U, kMaxHostThreads);
  Environment const environment = [](char const* name) -> char const* { return std::getenv(name); };
  check_kokkos_variables(environment);
  auto count = host_threads(threads, environment).value_or(share);
#if defined(KOKKOS_ENABLE_OPENMP)
  if (auto const limit = omp_get_thread_limit(); limit > 0 && count > static_cast<std::uint32_t>(limit)) {
    log().warn("OMP_THREAD_LIMIT allows {} instead of {} host threads per rank", limit, count);
    count = static_cast<std::uint32_t>(limit);
  }
  // Kokkos asks OpenMP for the number of threads by starting them all. Idle OpenMP threads spin for milliseconds, while
  // one rank reads the metadata that all others wait for.
  omp_set_num_threads(static_cast<int>(count));
#endif
  bind_rank(bind, grid, device);
  if (is_built_for_devices() && !device) return nullptr;
  Kokkos::InitializationSettings settings;
  settings.set_num_threads(static_cast<int>(count));
  // Kokkos warns about OMP_PROC_BIND, which the launcher sets.
  settings.set_disable_warnings(true);
  if (device) settings.set_device_id(*device);
  return std::make_unique<Kokkos::ScopeGuard>(settings);
}

std::optional<int> device_if_needed(ProcessGrid const& grid, bool is_needed, bool may_share) {
  if (!is_built_for_devices() || !is_needed) return std::nullopt;
  return choose_device(grid.world(), grid.node(), may_share).number;
}

}  // namespace distload
