/// The first bytes of an HDF5 file, looked at before the library is asked, so that what is wrong can be said plainly.
#pragma once

#include <string>

#include <distload/base/bytes.hpp>

namespace distload::hdf5 {

/// Size of the file at `path`, after checking that HDF5 can be asked about it.
/// @throws NoValidCheckpoint  there is no such file, it is no HDF5 file, or its writer has not closed it.
/// @throws IoError            the system refuses to open or read it.
Bytes check_superblock(std::string const& path);

}  // namespace distload::hdf5
