/// Reading the catalog of an HDF5 file, ours or a foreign one.
#pragma once

#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// The validated catalog of the HDF5 file at `path`. Not collective: one rank reads and tells the others.
///
/// Without an index, or with one that no longer belongs to the file, all datasets are looked at; the catalog's warnings
/// say what that means.
/// @throws NoValidCheckpoint  there is no such file, it is no HDF5 file, no committed checkpoint, of a newer version,
/// or holds numbers
///                            in a form that cannot be read in place.
/// @throws CorruptData        it is cut short or damaged.
/// @throws IoError            the system refuses to read it.
Catalog read_hdf5_catalog(std::string const& path);

/// True if the file at `path` is distload's and can be read, but it has been rewritten or edited since: its stamp
/// is gone or belongs to another file. False for a damaged file, of which that cannot be told.
bool was_edited(std::string const& path);

}  // namespace distload
