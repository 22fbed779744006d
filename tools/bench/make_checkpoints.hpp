/// make_checkpoints: stores one model in the formats and layouts that loads may encounter.
#pragma once

#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `world`, which divides the work: a bf16 llama of about `nbytes` in `directory`, as HDF5 for the
/// number of ranks, for half and for twice as many, and as safetensors. Keeps existing checkpoints.
/// @returns their paths.
/// @throws IoError  storage failed; on all ranks.
std::vector<std::string> make_checkpoints(Communicator& world, std::string const& directory, Bytes nbytes);

}  // namespace distload
