/// Fusing several tensors of a checkpoint into one parameter, and splitting one tensor into several parameters. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload {

/// A checkpoint with fused tensors: the tensors of each of `ModelLayout::fusions` become one, with their boxes in order
/// along the partitioned axis. No data is copied: a rank's shard is the concatenation of the parts' shards.
struct FusedCheckpoint {
  Catalog catalog;
  ModelLayout layout;                         ///< of `catalog`; has no `fusions`
  std::vector<std::uint32_t> stored_extents;  ///< for each of `catalog.extents`, its index in the stored catalog
};

/// @param layout  the result of `partition_model` for `catalog`
FusedCheckpoint fuse(Catalog const& catalog, ModelLayout const& layout);

/// A part of a split parameter.
struct SplitPart {
  std::string name;
  Shape shape;  ///< global
  Partition partition;
};

/// The parts of a parameter with `split_names`, in their order in a rank's shard.
std::vector<SplitPart> split(Parameter const& parameter, Shape const& shape);

}  // namespace distload
