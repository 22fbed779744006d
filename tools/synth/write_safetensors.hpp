/// write_safetensors: a model as a Hugging Face directory.
#pragma once

#include <string>

#include <distload/parallel/communicator.hpp>

#include "synth/model.hpp"

namespace distload::synth {

/// Collective over `ranks`: fills `directory` with config.json and safetensors files of at most `shard_bytes` each,
/// with an index if there are several. Ranks and their `threads` share the work. The files have other names until they
/// are complete; they are not forced to storage. What a model in `directory` consisted of before, and now is not
/// replaced, is removed.
/// @throws IoError  storage failed; on all ranks.
void write_safetensors(Model const& model, std::string const& directory, Bytes shard_bytes, std::uint32_t threads,
                       Communicator& ranks);

}  // namespace distload::synth
