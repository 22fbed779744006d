/// open_base: the older checkpoint that a save may take blocks from.
#pragma once

#include <memory>
#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `ranks`: the catalog of the HDF5 checkpoint at `path`, or of the newest valid one in that directory.
/// Nothing if `path` is `directory`, where the checkpoints go, and there is none yet.
/// @throws NoValidCheckpoint, CorruptData, IoError  as open_checkpoint; on all ranks.
/// @throws ConfigError  it has no checksums to compare with; on all ranks.
std::shared_ptr<Catalog const> open_base(std::string const& path, std::string const& directory, Communicator& ranks);

}  // namespace distload
