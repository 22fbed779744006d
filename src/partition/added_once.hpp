/// added_once: the replicated biases that only one rank may add.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload::rules {

/// Marks the biases of row-parallel layers: a replicated "x.bias" whose "x.weight" is row-parallel.
/// @param layout  has its parameters in the order of the catalog
void mark_added_once(Catalog const& catalog, ModelLayout& layout);

}  // namespace distload::rules
