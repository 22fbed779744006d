/// gather_outputs: all outputs of a column- or vocabulary-parallel layer on all ranks.
#pragma once

#include <distload/layers/activations.hpp>
#include <distload/parallel/communicator.hpp>

#include "layers/bound_shard.hpp"

namespace distload {

/// Collective: [tokens, outputs of the whole parameter] from every rank's `local` [tokens, outputs of its shard without
/// padding], which are in the shard's order.
Activations gather_outputs(Communicator& group, BoundShard const& shard, Activations const& local);

}  // namespace distload
