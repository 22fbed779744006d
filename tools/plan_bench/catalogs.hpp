/// catalogs: a model as the two kinds of checkpoint would store it, without any file.
#pragma once

#include <distload/checkpoint/catalog.hpp>

#include "partition/partition_model.hpp"
#include "plan_bench/models.hpp"

namespace distload::plan_bench {

/// As Hugging Face publishes it: safetensors files of about the same size, an extent per tensor, no checksums.
Catalog safetensors_catalog(Model const& model);

/// As distload saves it for `tensor_parallel` ranks: one HDF5 file, an extent per chunk, checksums (all of them zero:
/// planning looks at none).
Catalog hdf5_catalog(Model const& model, FamilyRules const& rules, std::uint32_t tensor_parallel);

}  // namespace distload::plan_bench
