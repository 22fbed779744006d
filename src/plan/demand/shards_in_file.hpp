/// shards_in_file: the shards that lie in a file as they lie in memory, and so could be views of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/base/bytes.hpp>

#include "plan/demand/demand.hpp"

namespace distload {

/// The bytes of a shard where they stand together: from `begin_bytes` of an extent on.
struct ShardInFile {
  std::uint32_t extent = 0;  ///< counted from the parameter's first
  Bytes begin_bytes = 0;
};

/// For each group, where its shard stands, if it does and has at least `least_bytes`.
std::vector<std::optional<ShardInFile>> shards_in_file(Demand const& demand, Bytes least_bytes);

}  // namespace distload
