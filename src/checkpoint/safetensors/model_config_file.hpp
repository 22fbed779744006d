/// Reads a model's config.json into a checkpoint's metadata.
#pragma once

#include <filesystem>
#include <string>

#include <distload/checkpoint/catalog.hpp>
#include <distload/checkpoint/metadata.hpp>

namespace distload {

/// Sets the model's name, taken from `directory`, and the content of `directory`/config.json, if it exists, in
/// `metadata`.
/// @throws CorruptData, IoError  as read_model_config_file.
void read_model_config(std::filesystem::path const& directory, CheckpointMetadata& metadata);

/// Sets the text of a config.json and the architecture named there in `metadata`.
/// @throws CorruptData  it is larger than 4 MiB or not a JSON object; names file and position.
/// @throws IoError      it cannot be read.
void read_model_config_file(std::filesystem::path const& path, CheckpointMetadata& metadata);

/// The path of a checkpoint's config.json, for messages; of params.json, if only that exists.
std::string config_file_of(Catalog const& catalog);

/// True for the path of a params.json, in which models in Mistral's own format have their sizes.
bool is_params_file(std::string const& path);

/// The config.json of a checkpoint with these tensors: that of the metadata, unchanged, unless its `dtype` (older:
/// `torch_dtype`) names a type that no tensor has, as after a cast. In that case `dtype` becomes the floating-point
/// type of most elements. Empty if the metadata has none.
std::string config_json_of(Catalog const& catalog);

}  // namespace distload
