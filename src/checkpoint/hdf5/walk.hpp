/// Finding the tensors of a file without an index, by looking at every dataset.
#pragma once

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// What to do with datasets that are no tensors, such as texts.
enum class Strangers : std::uint8_t { skip, refuse };

/// Fills the catalog's tensors and extents, without checksums, from all datasets below `group`; those in groups of
/// their own are named "group.dataset". Every object is visited once, links to elsewhere are not followed; what is left
/// out is named in the warnings.
/// @throws NoValidCheckpoint  a dataset of numbers cannot be read in place; names file and dataset and says what helps.
void walk(GroupView group, Strangers strangers, Catalog& catalog);

}  // namespace distload::hdf5
