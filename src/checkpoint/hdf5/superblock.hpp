/// The first bytes of an HDF5 file, looked at before the library is asked, so that what is wrong can be said plainly.
#pragma once

#include <fstream>
#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload::hdf5 {

/// A file whose bytes are read beside HDF5, which opens it by its name.
struct PlainFile {
  SourceFile source;
  std::ifstream stream;
};

/// Opens the file at `path` and checks that HDF5 can be asked about it.
/// @throws NoValidCheckpoint  there is no such file, it is no HDF5 file, or its writer has not closed it.
/// @throws IoError            the system refuses to open or read it.
PlainFile check_superblock(std::string const& path);

}  // namespace distload::hdf5
