/// kokkos_settings: threads and device of a rank.
#pragma once

#include <cstdint>
#include <optional>

#include <Kokkos_Core.hpp>

#include <distload/parallel/process_grid.hpp>

namespace distload {

/// How a rank starts Kokkos: on its share of the node's cores and devices. Tells OpenMP the number of threads at once.
/// @param threads  `runtime.threads`; nothing: what the environment says (host_threads), else the node's cores / its
/// ranks. Never more than OMP_THREAD_LIMIT.
/// @throws ConfigError  as host_threads and check_kokkos_variables.
Kokkos::InitializationSettings kokkos_settings(std::optional<std::uint32_t> threads, ProcessGrid const& grid);

}  // namespace distload
