/// write_hdf5: a model as one checkpoint file of distload.
#pragma once

#include <cstdint>
#include <string>

#include <distload/parallel/communicator.hpp>

#include "synth/model.hpp"

namespace distload::synth {

/// Collective over `ranks`, which share the work: writes `path`, laid out for `tensor_parallel` ranks by the family's
/// rules. The elements are those that write_safetensors writes.
/// @param overwrite  the file may take the place of a checkpoint of the same step
/// @throws ConfigError  the family's rules cannot cut the model for so many ranks, or something may not be replaced; on
///                      all ranks.
/// @throws IoError      storage failed; on all ranks.
void write_hdf5(Model const& model, std::string const& path, std::uint64_t step, std::uint32_t tensor_parallel,
                bool overwrite, Communicator& ranks);

}  // namespace distload::synth
