/// A model's config.json and what a checkpoint's metadata takes from it.
#pragma once

#include <filesystem>
#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/metadata.hpp>

namespace distload {

/// Puts the model's name, which is `directory`'s, into `metadata`, and what `directory`/config.json says, if it is
/// there.
/// @throws CorruptData, IoError  as read_model_config_file.
void read_model_config(std::filesystem::path const& directory, CheckpointMetadata& metadata);

/// Puts the text of a config.json and the architecture that it names into `metadata`.
/// @throws CorruptData  it is larger than 4 MiB or no JSON object; names the file and the place.
/// @throws IoError      it cannot be read.
void read_model_config_file(std::filesystem::path const& path, CheckpointMetadata& metadata);

/// Where a checkpoint's own config.json is, for messages.
std::string config_file_of(Catalog const& catalog);

/// The config.json of a checkpoint that holds these tensors: its metadata's, verbatim, unless `dtype` (older:
/// `torch_dtype`) there names a type that no tensor has, as after a cast. Then it names the floating-point type that
/// most elements have. Empty if the metadata's is.
std::string config_json_of(Catalog const& catalog);

}  // namespace distload
