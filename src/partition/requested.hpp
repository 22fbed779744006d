/// requested: a checkpoint whose parameters are the shards that ranks have asked for. Pure.
#pragma once

#include <span>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>
#include <distload/partition/shard_request.hpp>

#include "partition/fuse.hpp"

namespace distload {

/// A parameter for each name of a shard, sorted by name. Its tensor has the extents of all tensors that some rank's
/// shard of that name has parts of, one after the other along the outermost axis.
/// @param by_rank  what each rank asks for
/// @throws ConfigError  a tensor is not there, a box is not in it, parts overlap or are not in the shard, tensors of
///                      one shard have different dtypes, or a rank asks twice for one name: names rank and shard.
FusedCheckpoint requested(Catalog const& stored, std::span<std::vector<ShardRequest> const> by_rank);

}  // namespace distload
