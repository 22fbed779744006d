/// Names of MPI and of its component for files, also before MPI starts.
#pragma once

#include <string>

namespace distload {

/// Local: "Open MPI v4.1.4"
std::string mpi_library_version();

/// Local, before MPI starts: chooses ROMIO, unless the user has chosen. @returns chosen_io_component
std::string choose_io_component();

/// Local: what MPI reads and writes files with: "romio321", or "default" where nothing was chosen.
std::string chosen_io_component();

}  // namespace distload
