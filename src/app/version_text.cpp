// Queries the versions of all libraries.
#include "app/version_text.hpp"

#include <hdf5.h>

#include <Kokkos_Core.hpp>

#include <distload/version.hpp>

#include "base/table.hpp"
#if defined(DISTLOAD_ENABLE_CUDA)
#include <cuda_runtime_api.h>
#include <nccl.h>
#endif

namespace distload {
namespace {

std::string dotted(unsigned major, unsigned minor, unsigned patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string hdf5_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  H5get_libversion(&major, &minor, &patch);
#if defined(H5_HAVE_PARALLEL)
  return dotted(major, minor, patch) + " (parallel)";
#else
  return dotted(major, minor, patch) + " (serial)";
#endif
}

std::string kokkos_version() {
  auto const version = static_cast<unsigned>(KOKKOS_VERSION);
  auto text = dotted(version / 10000, version / 100 % 100, version % 100) + " (";
#if defined(KOKKOS_ENABLE_CUDA)
  text += "Cuda, ";
#endif
#if defined(KOKKOS_ENABLE_OPENMP)
  text += "OpenMP, ";
#endif
#if defined(KOKKOS_ENABLE_SERIAL)
  text += "Serial, ";
#endif
  return text + "shards in " + std::string(Kokkos::DefaultExecutionSpace::memory_space::name()) + " memory)";
}

#if defined(DISTLOAD_ENABLE_CUDA)
std::string cuda_version() {
  int runtime = 0;
  if (cudaRuntimeGetVersion(&runtime) != cudaSuccess) return "unknown";
  return std::to_string(runtime / 1000) + "." + std::to_string(runtime % 1000 / 10);
}

std::string nccl_version() {
  int version = 0;
  if (ncclGetVersion(&version) != ncclSuccess) return "unknown";
  auto const number = static_cast<unsigned>(version);
  return dotted(number / 10000, number / 100 % 100, number % 100);
}
#else
std::string cuda_version() { return "not built in"; }
std::string nccl_version() { return "not built in"; }
#endif

}  // namespace

std::string version_text(MpiEnvironment const& mpi) {
  Table table;
  table.add({"distload", DISTLOAD_VERSION});
  table.add({"MPI", mpi.library_version() + ", io component " + mpi.io_component()});
  table.add({"HDF5", hdf5_version()});
  table.add({"Kokkos", kokkos_version()});
  table.add({"CUDA", cuda_version()});
  table.add({"NCCL", nccl_version()});
  return table.text();
}

}  // namespace distload
