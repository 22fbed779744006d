/// host_threads: the number of threads of a rank, from the configuration and the variables of OpenMP and Kokkos.
#pragma once

#include <cstdint>
#include <optional>

#include "app/environment.hpp"

namespace distload {

/// `configured` (`runtime.threads`), else KOKKOS_NUM_THREADS, else the first number of OMP_NUM_THREADS; nothing if none
/// is set. An empty variable counts as not set.
/// @throws ConfigError  a variable is invalid or exceeds kMaxHostThreads; names the variable. Also for variables that
/// are not used, since Kokkos reads its variable in any case and ends the process if it is invalid.
std::optional<std::uint32_t> host_threads(std::optional<std::uint32_t> configured, Environment const& environment);

}  // namespace distload
