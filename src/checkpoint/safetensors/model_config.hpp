/// A model's config.json and what a checkpoint's metadata takes from it.
#pragma once

#include <filesystem>

#include <distload/checkpoint/metadata.hpp>

namespace distload {

/// Reads `directory`/config.json, if it is there, into `metadata`: its text, the architecture and the model's name.
/// @throws CorruptData  it is larger than 4 MiB or no JSON object.
/// @throws IoError      it cannot be read.
void read_model_config(std::filesystem::path const& directory, CheckpointMetadata& metadata);

}  // namespace distload
