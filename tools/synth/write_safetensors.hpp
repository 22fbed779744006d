/// write_safetensors: writes a model as a Hugging Face directory.
#pragma once

#include <cstdint>
#include <string>

#include <distload/parallel/communicator.hpp>

#include "synth/model.hpp"

namespace distload::synth {

enum class Storage : std::uint8_t {
  allocated,
  sparse,  ///< headers only: the files have their sizes, and holes instead of data, which read as zeros
};

/// Collective over `ranks`: writes config.json and safetensors files of at most `shard_bytes` each into `directory`,
/// with an index if there are several. Ranks and their `threads` divide the work. Files have temporary names until they
/// are complete; they are not synced to storage. Removes files of a model that was in `directory` before and that are
/// not replaced.
/// @throws IoError  storage failed; on all ranks.
void write_safetensors(Model const& model, std::string const& directory, Bytes shard_bytes, std::uint32_t threads,
                       Storage storage, Communicator& ranks);

}  // namespace distload::synth
