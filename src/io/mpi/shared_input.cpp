// Opens an HDF5 file collectively.
#include "io/mpi/shared_input.hpp"

#include "checkpoint/hdf5/file.hpp"
#include "checkpoint/hdf5/property_list.hpp"
#include "io/mpi/collective_transfer.hpp"

namespace distload {
namespace {

hdf5::File open_together(std::string const& path, MPI_Comm ranks, MpiInfo const& hints) {
  auto const access = hdf5::shared_access(ranks, hints.native());
  read_metadata_collectively(access.view());
  return hdf5::open_file(path, hdf5::Access::read, access.view());
}

}  // namespace

SharedInput::SharedInput(std::string path, MPI_Comm ranks, MpiInfo const& hints)
    : path_(std::move(path)), file_(open_together(path_, ranks, hints)) {}

}  // namespace distload
