/// Fusing: several tensors of a checkpoint as one parameter, and one tensor as several. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload {

/// A checkpoint as a model that wants it fused sees it: the tensors of each of `ModelLayout::fusions` are one, their
/// boxes one after the other along the cut axis. Nothing is copied: a rank's shard is the parts' shards joined.
struct FusedCheckpoint {
  Catalog catalog;
  ModelLayout layout;                         ///< of `catalog`; without `fusions`
  std::vector<std::uint32_t> stored_extents;  ///< for each of `catalog.extents`, its index in the checkpoint's own
};

/// @param layout  made by `partition_model` of `catalog`
FusedCheckpoint fuse(Catalog const& catalog, ModelLayout const& layout);

/// A part of a parameter that a model wants split.
struct SplitPart {
  std::string name;
  Shape shape;  ///< global
  Partition partition;
};

/// The parts of a parameter with `split_names`, in the order in which a rank's shard holds them, one after the other.
std::vector<SplitPart> split(Parameter const& parameter, Shape const& shape);

}  // namespace distload
