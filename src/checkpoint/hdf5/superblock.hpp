/// Checks the first bytes of an HDF5 file before HDF5 opens it, for clearer messages.
#pragma once

#include <fstream>
#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload::hdf5 {

/// A file that is read without HDF5, which opens it by name.
struct PlainFile {
  SourceFile source;
  std::ifstream stream;
};

/// Opens the file at `path` and checks that HDF5 can open it.
/// @throws NoValidCheckpoint  there is no such file, it is not an HDF5 file, or its writer has not closed it.
/// @throws IoError            the system refuses to open or read it.
PlainFile check_superblock(std::string const& path);

}  // namespace distload::hdf5
