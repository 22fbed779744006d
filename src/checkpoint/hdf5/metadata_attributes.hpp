/// CheckpointMetadata as attributes of the root group.
#pragma once

#include <distload/checkpoint/metadata.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// Writes the metadata into a new file.
void put_metadata(GroupView root, CheckpointMetadata const& metadata);

/// The metadata in the file; missing attributes keep their defaults.
CheckpointMetadata get_metadata(GroupView root);

}  // namespace distload::hdf5
