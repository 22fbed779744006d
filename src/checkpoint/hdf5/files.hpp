/// `/files`: the model's other files as datasets.
#pragma once

#include <span>

#include <distload/checkpoint/carried_file.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// Creates a dataset with space and hash for each of `files`, whose contents are in memory, and puts in where in the
/// file at `path` the bytes have to be written. Creates nothing for no files.
void create_files(GroupView root, std::string const& path, std::span<CarriedFile> files);

/// The files of an own checkpoint, for its metadata. What somebody has put there in another form than contiguous bytes
/// is left out, and the catalog's warnings say so.
/// @throws CorruptData  a file has an impossible name.
void read_files(GroupView root, Catalog& catalog);

}  // namespace distload::hdf5
