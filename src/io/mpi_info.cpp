// MPI_Info from a map.
#include "io/mpi_info.hpp"

#include "parallel/mpi_check.hpp"

namespace distload {

MpiInfo::MpiInfo(Hints const& hints) {
  DISTLOAD_MPI(MPI_Info_create(&info_));
  try {
    for (auto const& [key, value] : hints) DISTLOAD_MPI(MPI_Info_set(info_, key.c_str(), value.c_str()));
  } catch (...) {
    MPI_Info_free(&info_);
    throw;
  }
}

MpiInfo::~MpiInfo() { MPI_Info_free(&info_); }

}  // namespace distload
