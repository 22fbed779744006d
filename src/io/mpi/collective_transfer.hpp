/// Makes HDF5 read collectively, and checks whether it did.
#pragma once

#include <optional>
#include <string>

#include "checkpoint/hdf5/handle.hpp"

namespace distload {

/// One rank reads the metadata of files opened with `access_list` and sends it to the others.
void read_metadata_collectively(hdf5::PropertyListView access_list);

/// A transfer by all ranks together with one MPI-IO call for all selected chunks.
hdf5::PropertyList one_call_transfer();

/// Why HDF5 made the last transfer with `transfer_list` independent; nothing if it was collective.
std::optional<std::string> why_not_collective(hdf5::PropertyListView transfer_list);

}  // namespace distload
