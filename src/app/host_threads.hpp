/// host_threads: how many threads a rank is to start, from the configuration and what OpenMP's and Kokkos' variables
/// say.
#pragma once

#include <cstdint>
#include <optional>

#include "app/environment.hpp"

namespace distload {

/// `configured` (`runtime.threads`), else what KOKKOS_NUM_THREADS says, else the first number of OMP_NUM_THREADS;
/// nothing if none of them says anything. An empty variable says nothing.
/// @throws ConfigError  a variable is not what it must be, or asks for more than kMaxHostThreads; names the variable.
/// Also where another one decides, since Kokkos reads its variable in any case and ends the process over it.
std::optional<std::uint32_t> host_threads(std::optional<std::uint32_t> configured, Environment const& environment);

}  // namespace distload
