/// SaveSource: what is to be saved, and where this rank holds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>

#include <distload/base/file_identity.hpp>
#include <distload/base/topology.hpp>
#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>
#include <distload/save/held_shard.hpp>

#include "save/held_tensors.hpp"

namespace distload {

struct SaveSource {
  HeldTensors tensors;
  Topology topology;
  std::span<FileIdentity const> loaded;                             ///< files that must not be replaced
  std::map<std::string, std::byte const*, std::less<>> own_shards;  ///< of this rank, by name

  /// The shard of that name; nullptr if this rank holds none.
  std::byte const* shard(std::string const& name) const {
    auto const found = own_shards.find(name);
    return found == own_shards.end() ? nullptr : found->second;
  }
};

/// Collective over `ranks`. `model` outlives the result.
/// @throws ConfigError  as gather_held_tensors
SaveSource source_of(ShardedModel const& model, Communicator& ranks);

/// Collective over `ranks`: the tensors that the ranks hold together.
/// @throws ConfigError  ranks describe a tensor differently, a box is not in its tensor or its shard, or no rank holds
///                      some part of a tensor: names tensor and rank; on all ranks.
SaveSource source_of(std::span<HeldShard const> own, Communicator& ranks);

}  // namespace distload
