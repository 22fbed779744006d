/// CheckpointMetadata as attributes of the root group.
#pragma once

#include <distload/checkpoint/metadata.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// Writes the metadata into a new file.
void put_metadata(GroupView root, CheckpointMetadata const& metadata);

/// What the file says; what it does not say stays at its default.
CheckpointMetadata get_metadata(GroupView root);

}  // namespace distload::hdf5
