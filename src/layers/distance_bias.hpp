/// The bias of scores by the distance of tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/layers/attention.hpp>
#include <distload/load/sharded_model.hpp>

#include "layers/kernels/attention_kernel.hpp"

namespace distload {

/// The bucket of each distance from -max_distance to max_distance of a key from its query; as transformers computes
/// them for T5. Precondition: at least four buckets, two without `bidirectional`.
std::vector<std::uint32_t> distance_buckets(RelativeBias const& bias);

/// The parameter `name` for the given heads.
/// @throws ConfigError  it is no matrix of numbers of 16 or 32 bits with an input for each bucket, or lacks a head.
DistanceBias bound_distance_bias(ShardedModel const& model, std::string const& name, RelativeBias const& bias,
                                 std::vector<std::uint32_t> const& heads, Communicator const& group);

}  // namespace distload
