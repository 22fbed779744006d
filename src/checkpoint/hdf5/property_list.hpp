/// Property lists: how files are opened, how datasets are stored and how bytes are transferred.
#pragma once

#include <mpi.h>

#include <distload/base/bytes.hpp>
#include <distload/tensor/dims.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// How a new file allocates space.
struct FilePlacement {
  Bytes alignment = 4 * kKiB;        ///< of everything that is at least as large
  Bytes metadata_block = 64 * kKiB;  ///< size of the blocks in which space for metadata is allocated
};

/// File access by one process, in the file format of HDF5 1.10.
PropertyList local_access();
PropertyList local_access(FilePlacement const& placement);

/// File access by all ranks of `ranks` together, through MPI-IO.
PropertyList shared_access(MPI_Comm ranks, MPI_Info hints);

/// Creation of a file whose root stores its attributes in one place, so that one can be overwritten without moving
/// others. Objects store no times, so that equal content gives equal files.
PropertyList file_creation();

PropertyList group_creation();

/// Creation of a contiguous dataset; space is allocated at once and not filled.
PropertyList contiguous_creation();

/// The same for a chunked dataset.
PropertyList chunked_creation(Dims const& chunk);

enum class Transfer : std::uint8_t { independent, collective };
PropertyList transfer(Transfer mode);

}  // namespace distload::hdf5
