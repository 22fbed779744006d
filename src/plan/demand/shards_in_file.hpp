/// shards_in_file: finds shards that have the same bytes in a file as in memory, and can be views of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/base/bytes.hpp>

#include "plan/demand/demand.hpp"

namespace distload {

/// Where a shard is contiguous in an extent.
struct ShardInFile {
  std::uint32_t extent = 0;  ///< counted from the parameter's first
  Bytes begin_bytes = 0;
};

/// For each group, the place of its shard in the file; nothing if there is none or the shard is below `least_bytes`.
std::vector<std::optional<ShardInFile>> shards_in_file(Demand const& demand, Bytes least_bytes);

}  // namespace distload
