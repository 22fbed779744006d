/// make_checkpoints: one model, stored as loads can meet it.
#pragma once

#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/parallel/communicator.hpp>

namespace distload {

/// Collective over `world`, which shares the work: a bf16 llama of about `nbytes` in `directory`, as HDF5 for as
/// many ranks as there are, for half and for twice as many, and as safetensors. What is there already stays.
/// @returns where they are.
/// @throws IoError  storage failed; on all ranks.
std::vector<std::string> make_checkpoints(Communicator& world, std::string const& directory, Bytes nbytes);

}  // namespace distload
