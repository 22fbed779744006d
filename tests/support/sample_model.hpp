/// A model of sample tensors, made in memory for any topology.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/load/sharded_model.hpp>

#include "save/tensor_spec.hpp"

namespace distload {

/// The sample tensors that `ranks` ranks can cut, and one whose few units several ranks share.
std::vector<TensorSpec> tensors_for(std::uint32_t ranks);

/// What `rank` holds of `tensors`, with the content that they should have and padding that no file should.
ShardedModel make_model(Topology const& topology, std::uint32_t rank, std::vector<TensorSpec> const& tensors);

/// The same of the tensors for that topology.
ShardedModel make_model(Topology const& topology, std::uint32_t rank);

/// Gives all tensors but those of the names `frozen` the content of that step of the training.
void set_step(ShardedModel const& model, std::uint64_t step, std::vector<std::string> const& frozen = {});

}  // namespace distload
