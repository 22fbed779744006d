/// added_once: the biases that every rank holds, but only one may add.
#pragma once

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload::rules {

/// Marks the biases of row-parallel layers: "x.bias" that every rank holds is one if "x.weight" is cut that way.
/// @param layout  its parameters are in the order of the catalog
void mark_added_once(Catalog const& catalog, ModelLayout& layout);

}  // namespace distload::rules
