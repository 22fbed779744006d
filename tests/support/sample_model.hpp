/// A model of sample tensors in memory, for any topology.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/load/sharded_model.hpp>

#include "save/tensor_spec.hpp"

namespace distload {

/// The sample tensors that `ranks` ranks can divide, and one with so few units that several ranks share one.
std::vector<TensorSpec> tensors_for(std::uint32_t ranks);

/// The part of `tensors` that `rank` holds, with their sample content and with padding that must not appear in a file.
ShardedModel make_model(Topology const& topology, std::uint32_t rank, std::vector<TensorSpec> const& tensors);

/// The same with the tensors for that topology.
ShardedModel make_model(Topology const& topology, std::uint32_t rank);

/// Sets all tensors, except those named in `frozen`, to their content at that training step.
void set_step(ShardedModel const& model, std::uint64_t step, std::vector<std::string> const& frozen = {});

}  // namespace distload
