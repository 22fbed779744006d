/// activation_bytes: the memory that a model computes in. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/topology.hpp>

#include "infer/description.hpp"

namespace distload::infer {

/// @param pipeline_layers  layers of each stage, as `topology.pipeline_layers` states them; empty: shares of all
std::uint64_t layers_of_largest_stage(ModelDescription const& model, Topology const& topology,
                                      std::vector<std::uint32_t> const& pipeline_layers);

/// The memory of activations, sums, keys and values, and logits that a rank needs for `batch` sequences of `tokens`
/// tokens, with keys and values of `stage_layers` layers, those of the largest stage, for `positions` positions; no
/// less than is used. Precondition: the sizes are such that 64 bits can hold the result.
Bytes activation_bytes(ModelDescription const& model, Topology const& topology, std::uint64_t stage_layers,
                       std::uint64_t batch, std::uint64_t tokens, std::uint64_t positions);

}  // namespace distload::infer
