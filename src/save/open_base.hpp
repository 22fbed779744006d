/// open_base: opens the older checkpoint whose blocks a save may reuse.
#pragma once

#include <memory>
#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `ranks`: the catalog of the HDF5 checkpoint at `path`, or of the newest valid one in that directory.
/// Null if `path` is `directory`, the target directory, and has no checkpoint yet.
/// @throws NoValidCheckpoint, CorruptData, IoError  as open_checkpoint; on all ranks.
/// @throws ConfigError  it has no checksums; on all ranks.
std::shared_ptr<Catalog const> open_base(std::string const& path, std::string const& directory, Communicator& ranks);

}  // namespace distload
