/// activation_bytes: the memory that a model computes in. Pure.
#pragma once

#include <cstdint>

#include <distload/base/bytes.hpp>
#include <distload/base/topology.hpp>

#include "infer/description.hpp"

namespace distload::infer {

/// The memory of activations, sums, keys and values, and logits that a rank needs for `batch` sequences of `tokens`
/// tokens, with keys and values of all layers for `positions` positions; no less than is used.
Bytes activation_bytes(ModelDescription const& model, Topology const& topology, std::uint64_t batch,
                       std::uint64_t tokens, std::uint64_t positions);

}  // namespace distload::infer
