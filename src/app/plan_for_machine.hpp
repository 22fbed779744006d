/// plan_for_machine: the dry run for a machine that is only described.
#pragma once

#include <distload/parallel/communicator.hpp>

#include "app/command_line.hpp"

namespace distload {

/// Collective: rank 0 plans the load onto one rank per device of `line.machine` and prints the plan, the predicted
/// seconds of each stage and the memory that it needs, and writes the report. The machine's `cost` section stands for
/// the defaults of the configuration's. Starts no Kokkos.
/// @throws OutOfBudget  the devices have too little memory; after printing and writing.
/// @throws as open_alone, find_machine and resolve_topology, on all ranks.
void plan_for_machine(Communicator& world, CommandLine const& line);

}  // namespace distload
