/// The output of `distload --version`.
#pragma once

#include <string>

#include <distload/parallel/mpi_environment.hpp>

namespace distload {

/// Versions of distload, MPI with its file component, HDF5, Kokkos with its backends, CUDA and NCCL; one line each.
std::string version_text(MpiEnvironment const& mpi);

}  // namespace distload
