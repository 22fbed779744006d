/// bind_rank: binds a rank to a NUMA node (`topology.bind`).
#pragma once

#include <optional>

#include <distload/base/choices.hpp>
#include <distload/parallel/process_grid.hpp>

namespace distload {

/// Local, before Kokkos starts and memory is allocated: binds the calling thread, and the threads that it starts, to
/// the NUMA node of the rank's device or, without devices, to the rank's share of the machine's nodes. Never fails: if
/// `numa` is asked for and not possible, it logs why.
/// @param device  of this rank, as CUDA numbers them; nothing: the first one. Ignored without CUDA.
void bind_rank(NumaBinding kind, ProcessGrid const& grid, std::optional<int> device);

}  // namespace distload
