/// How HDF5 is made to read collectively, and asked whether it did.
#pragma once

#include <optional>
#include <string>

#include "checkpoint/hdf5/handle.hpp"

namespace distload {

/// Metadata of files opened with `access_list` is read by one rank and sent to the others, instead of by all of them.
void read_metadata_collectively(hdf5::PropertyListView access_list);

/// Transfer of all ranks together, one MPI-IO call for all chunks that they select.
hdf5::PropertyList one_call_transfer();

/// Why the last transfer with `transfer_list` was quietly not collective; nothing if it was.
std::optional<std::string> why_not_collective(hdf5::PropertyListView transfer_list);

}  // namespace distload
