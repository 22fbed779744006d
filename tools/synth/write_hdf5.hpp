/// write_hdf5: writes a model as an HDF5 checkpoint.
#pragma once

#include <cstdint>
#include <string>

#include <distload/parallel/communicator.hpp>

#include "synth/model.hpp"

namespace distload::synth {

/// Collective over `ranks`, which divide the work: writes `path` with the layout for `tensor_parallel` ranks by the
/// family's rules. The elements equal those of write_safetensors.
/// @param overwrite  a checkpoint of the same step may be replaced
/// @throws ConfigError  the family's rules cannot divide the model among that many ranks, or an existing checkpoint may
///                      not be replaced; on all ranks.
/// @throws IoError      storage failed; on all ranks.
void write_hdf5(Model const& model, std::string const& path, std::uint64_t step, std::uint32_t tensor_parallel,
                bool overwrite, Communicator& ranks);

}  // namespace distload::synth
