/// launcher_rank: which process of a job this is, before MPI starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "app/environment.hpp"

namespace distload {

/// The rank that mpirun, mpiexec or srun has given this process; nothing if it was started alone.
std::optional<std::uint32_t> launcher_rank(Environment const& environment);
std::optional<std::uint32_t> launcher_rank();

/// Prints to stdout on one process of the job, also before MPI starts.
void print_once(std::string_view text);

}  // namespace distload
