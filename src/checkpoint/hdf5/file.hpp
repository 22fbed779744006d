/// Files: opening, creating and querying.
#pragma once

#include <string>

#include <distload/base/bytes.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

enum class Access : std::uint8_t { read, write };

/// Collective if `access_list` has a communicator.
File open_file(std::string const& path, Access access, PropertyListView access_list);

/// Replaces an existing file.
File create_file(std::string const& path, PropertyListView creation_list, PropertyListView access_list);

/// Bytes before the HDF5 part of the file.
Bytes user_block_bytes(FileView file);

}  // namespace distload::hdf5
