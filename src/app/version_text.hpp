/// The output of `distload --version`.
#pragma once

#include <string>

namespace distload {

/// Local, also before MPI starts: versions of distload, MPI with its file component, HDF5, Kokkos with its backends,
/// CUDA and NCCL; one line each.
std::string version_text();

}  // namespace distload
