/// scale_of: the factors of an FP8 matrix, which the checkpoint stores beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/load/sharded_model.hpp>

#include "layers/kernels/matmul.hpp"

namespace distload {

class BoundShard;

/// The scale NAME_scale_inv or NAME_scale of the FP8 matrix NAME: one factor for all numbers, for each output, or for
/// each block of outputs and inputs.
/// @param unfused  name of the parameter that the used outputs are in a checkpoint that does not fuse them, whose scale
///                 stays a separate one if it is one factor
/// @param matrix  which matrix of a tensor with three axes
/// @throws ConfigError  there is none, or its shape or type is another.
WeightScale scale_of(ShardedModel const& model, BoundShard const& weight, std::string const& unfused,
                     std::optional<std::uint32_t> matrix);

}  // namespace distload
