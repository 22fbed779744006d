/// What a family's rules make of a real model, as tables of tests.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/partition/model_layout.hpp>

#include "real_models.hpp"

namespace distload::testing {

/// By the rules of config/models.
ModelLayout layout_of(RealModel const& model, Topology const& topology);

/// A parameter, how it is cut, and the shape of the first rank's shard.
struct Expected {
  char const* name;
  PartitionKind kind;
  Shape shard;
};

void expect_shards(RealModel const& model, std::uint32_t tensor_parallel, std::vector<Expected> const& table);

inline constexpr auto kReplicated = PartitionKind::replicated;
inline constexpr auto kColumn = PartitionKind::column_parallel;
inline constexpr auto kRow = PartitionKind::row_parallel;
inline constexpr auto kVocab = PartitionKind::vocab_parallel;

}  // namespace distload::testing
