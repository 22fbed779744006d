/// Gathers the tensors that the ranks of a model hold together.
#pragma once

#include <string>
#include <vector>

#include <distload/load/sharded_model.hpp>
#include <distload/parallel/communicator.hpp>

#include "save/save_plan.hpp"
#include "save/tensor_spec.hpp"

namespace distload {

/// The tensors of a model, sorted by name, with their holders.
struct HeldTensors {
  std::vector<TensorSpec> specs;
  std::vector<HeldTensor> held;  ///< in the order of the tensors
};

/// Collective over `ranks`: the tensors of all pipeline stages, on every rank.
/// @throws ConfigError  `ranks` are not those of the model's topology, in its order; on all ranks.
HeldTensors gather_held_tensors(ShardedModel const& model, Communicator& ranks);

}  // namespace distload
