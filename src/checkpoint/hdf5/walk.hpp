/// Finds the tensors of a file without an index by visiting all datasets.
#pragma once

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"

namespace distload::hdf5 {

/// How to treat datasets that are not tensors, such as texts.
enum class NonTensors : std::uint8_t { skip, refuse };

/// Fills the catalog's tensors and extents, without checksums, from all datasets below `group`; a dataset in a subgroup
/// is named "group.dataset". Visits every object once and does not follow soft or external links; the warnings name
/// what is skipped.
/// @throws NoValidCheckpoint  a dataset of numbers cannot be read in place; names file and dataset and says what helps.
void walk(GroupView group, NonTensors non_tensors, Catalog& catalog);

}  // namespace distload::hdf5
