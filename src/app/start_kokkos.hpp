/// start_kokkos: threads and device of a rank.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <Kokkos_Core.hpp>

#include <distload/base/choices.hpp>
#include <distload/parallel/process_grid.hpp>

namespace distload {

/// Local: starts Kokkos if the job needs it, until the result is destroyed; sets OpenMP's number of threads in any
/// case. A build for devices needs Kokkos only if it loads onto them, because Kokkos ends the process if there is no
/// device.
/// @param threads  `runtime.threads`; nothing: the environment's number (host_threads), else cores / ranks of the node.
/// At most OMP_THREAD_LIMIT.
/// @param device   the number of this rank's device (choose_device); nothing: the job uses none.
/// @param bind     `topology.bind`; carried out when the threads are counted, which depends on the process' processors.
/// @throws ConfigError  as host_threads and check_kokkos_variables.
std::unique_ptr<Kokkos::ScopeGuard> start_kokkos(std::optional<std::uint32_t> threads, ProcessGrid const& grid,
                                                 std::optional<int> device, NumaBinding bind);

/// Collective over the grid: this rank's device if this build computes on devices and the job needs them.
/// @throws CommunicationError  as choose_device.
std::optional<int> device_if_needed(ProcessGrid const& grid, bool is_needed, bool may_share);

}  // namespace distload
