/// The local steps of opening a checkpoint, for one process: Loader does them on rank 0 or on all ranks, dry runs on
/// described machines without other ranks.
#pragma once

#include <distload/base/topology.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/checkpoint.hpp>
#include <distload/config/config.hpp>
#include <distload/partition/opened_checkpoint.hpp>

#include "partition/partition_model.hpp"

namespace distload {

/// What a checkpoint's files say, and the rules of its family.
struct CheckpointMetadataAndRules {
  Catalog catalog;
  FamilyRules rules;
};

/// Reads the metadata of the configured checkpoint.
/// @throws NoValidCheckpoint, CorruptData, IoError, ConfigError
Catalog read_catalog(LoaderOptions const& options, CutShort cut_short);

/// Reads the metadata of the configured checkpoint and the rules.
/// @throws NoValidCheckpoint, CorruptData, IoError, ConfigError
CheckpointMetadataAndRules read_metadata(LoaderOptions const& options, CutShort cut_short);

LayoutOptions layout_options(LoaderOptions const& options);

/// Fuses the tensors that `model.fuse` names.
void fuse_parameters(OpenedCheckpoint& opened);

/// Opens the configured checkpoint for a topology of ranks that need not exist.
/// @throws as Loader::open
OpenedCheckpoint open_alone(LoaderOptions const& options, Topology const& topology);

}  // namespace distload
