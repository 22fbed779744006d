// Asks MPI what may be asked before it starts.
#include "parallel/mpi_versions.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <mpi.h>

#include "parallel/mpi_check.hpp"

namespace distload {
namespace {

#if defined(OMPI_MAJOR_VERSION)
// Open MPI's file component OMPIO returns wrong data in some collective reads and hides read errors. The name of its
// ROMIO component contains ROMIO's version.
constexpr char const* kSafeIoComponent = OMPI_MAJOR_VERSION >= 5 ? "romio341" : "romio321";
#endif

}  // namespace

std::string mpi_library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  DISTLOAD_MPI(MPI_Get_library_version(text.data(), &length));
  std::string whole(text.data(), static_cast<std::size_t>(length));
  std::ranges::replace(whole, '\t', ' ');  // MPICH has one after "Version:"
  // The rest names the packager and the date.
  return whole.substr(0, whole.find_first_of(",\n"));
}

std::string choose_io_component() {
#if defined(OMPI_MAJOR_VERSION)
  constexpr int kKeepWhatTheUserSet = 0;
  setenv("OMPI_MCA_io", kSafeIoComponent, kKeepWhatTheUserSet);
#endif
  return chosen_io_component();
}

std::string chosen_io_component() {
#if defined(OMPI_MAJOR_VERSION)
  char const* const chosen = std::getenv("OMPI_MCA_io");
  return chosen == nullptr ? "default" : chosen;
#else
  return "default";
#endif
}

}  // namespace distload
