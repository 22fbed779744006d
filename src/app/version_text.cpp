// Queries the versions of all libraries.
#include "app/version_text.hpp"

#include <hdf5.h>

#include <Kokkos_Core.hpp>

#include <distload/version.hpp>

#include "base/table.hpp"
#include "device/survey.hpp"
#include "parallel/mpi_versions.hpp"
#if defined(DISTLOAD_ENABLE_CUDA)
#include "parallel/nccl_library.hpp"
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

std::string cuda_version() {
  if (!is_built_for_devices()) return "not built in";
  auto const survey = survey_devices();
  auto const version = cuda_version_text(survey.runtime);
  if (!survey.why_none.empty()) return version + "; on this host " + survey.why_none;
  return version + ", driver for " + cuda_version_text(survey.driver) + ", " + std::to_string(survey.devices.size()) +
         (survey.devices.size() == 1 ? " device" : " devices");
}

std::string nccl_version() {
#if defined(DISTLOAD_ENABLE_CUDA)
  return describe_nccl();
#else
  return "not built in";
#endif
}

}  // namespace

std::string version_text() {
  Table table;
  table.add({"distload", DISTLOAD_VERSION});
  table.add({"MPI", mpi_library_version() + ", io component " + choose_io_component()});
  table.add({"HDF5", hdf5_version()});
  table.add({"Kokkos", kokkos_version()});
  table.add({"CUDA", cuda_version()});
  table.add({"NCCL", nccl_version()});
  return table.text();
}

}  // namespace distload
