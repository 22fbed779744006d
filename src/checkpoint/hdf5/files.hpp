/// `/files`: the carried files as datasets.
#pragma once

#include <span>

#include <distload/checkpoint/carried_file.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// Creates a dataset with allocated space and a hash for each of `files`, whose contents are in memory, and stores in
/// each where its bytes are to be written in the file at `path`. Creates no group if there are no files.
void create_files(GroupView root, std::string const& path, std::span<CarriedFile> files);

/// The carried files of a checkpoint of this program, for its metadata. Skips datasets that are not contiguous bytes
/// and adds a warning to the catalog.
/// @throws CorruptData  a file has a name that is not allowed.
void read_files(GroupView root, Catalog& catalog);

}  // namespace distload::hdf5
