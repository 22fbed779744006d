/// catalogs: the catalogs of a model in both kinds of checkpoint, without files.
#pragma once

#include <distload/checkpoint/catalog.hpp>

#include "partition/partition_model.hpp"
#include "plan_bench/models.hpp"

namespace distload::plan_bench {

/// As published by Hugging Face: safetensors files of similar size, one extent per tensor, no checksums.
Catalog safetensors_catalog(Model const& model);

/// As saved by distload for `tensor_parallel` ranks: one HDF5 file, one extent per chunk, checksums (all zero, since
/// planning does not use their values).
Catalog hdf5_catalog(Model const& model, FamilyRules const& rules, std::uint32_t tensor_parallel);

}  // namespace distload::plan_bench
