/// ShardMemory: memory of the caller for a shard, to be filled by a load.
#pragma once

#include <cstddef>
#include <string>

#include <distload/base/bytes.hpp>

namespace distload {

/// Memories of several shards may overlap where no part of them does, e.g. be one matrix that each shard has rows of.
/// What no part covers keeps its values.
struct ShardMemory {
  std::string name;           ///< of the shard
  std::byte* data = nullptr;  ///< the shard, row-major, in the memory of Kokkos' default execution space
  Bytes nbytes = 0;           ///< of the shard
};

}  // namespace distload
