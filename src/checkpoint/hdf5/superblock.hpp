/// Checks the first bytes of an HDF5 file before HDF5 opens it, for clearer messages.
#pragma once

#include <string>

#include <distload/base/bytes.hpp>

namespace distload::hdf5 {

/// Checks that HDF5 can open the file at `path`. @returns its size.
/// @throws NoValidCheckpoint  there is no such file, it is not an HDF5 file, or its writer has not closed it.
/// @throws IoError            the system refuses to open or read it.
Bytes check_superblock(std::string const& path);

}  // namespace distload::hdf5
