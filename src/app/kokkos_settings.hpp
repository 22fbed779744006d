/// kokkos_settings: threads and device of a rank.
#pragma once

#include <cstdint>
#include <optional>

#include <Kokkos_Core.hpp>

#include <distload/parallel/process_grid.hpp>

namespace distload {

/// The Kokkos settings of a rank: its share of the node's cores and devices. Also sets OpenMP's number of threads.
/// @param threads  `runtime.threads`; nothing: the environment's number (host_threads), else cores / ranks of the node.
/// At most OMP_THREAD_LIMIT.
/// @throws ConfigError  as host_threads and check_kokkos_variables.
Kokkos::InitializationSettings kokkos_settings(std::optional<std::uint32_t> threads, ProcessGrid const& grid);

}  // namespace distload
