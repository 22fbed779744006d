/// Reads the catalog of an HDF5 file of this program or of another one.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// The validated catalog of the HDF5 file at `path`. Not collective: one rank reads and sends it to the others.
///
/// Without an index, or with an index that no longer belongs to the file, it visits all datasets; the catalog's
/// warnings say what that means.
/// @throws NoValidCheckpoint  there is no such file, it is not an HDF5 file, it is not a committed checkpoint, it is of
///                            a newer version, or it holds numbers in a form that cannot be read in place.
/// @throws CorruptData        it is truncated or damaged.
/// @throws IoError            the system refuses to read it.
Catalog read_hdf5_catalog(std::string const& path);

/// True if the file at `path` was written by this program, can be read, and has been rewritten or edited since: its
/// stamp is missing or belongs to another file. False for damaged files.
bool was_edited(std::string const& path);

}  // namespace distload
