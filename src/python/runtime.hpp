/// What this process has once: MPI, Kokkos, and their end.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/parallel/mpi_environment.hpp>
#include <distload/parallel/process_grid.hpp>

namespace distload::python {

/// The process' MPI, which is started at the first call if nobody has.
/// @throws CommunicationError  MPI cannot be started.
MpiEnvironment& mpi();

/// True if MPI has been started here or by others, and has not ended.
bool mpi_runs();

/// True if the calls of this process can be made by a thread that has not started MPI.
bool may_use_a_thread();

/// Starts Kokkos unless it runs. It ends with the process, since tensors may live as long.
/// @throws ConfigError, CommunicationError  as start_kokkos and device_if_needed.
void require_kokkos(std::optional<std::uint32_t> threads, ProcessGrid const& grid);

/// At the interpreter's end: waits for works and saves, and ends MPI if it was started here.
/// @param has_failed  an exception ends the program, in which case other ranks may not come: nothing collective is done
void finish(bool has_failed);

}  // namespace distload::python
