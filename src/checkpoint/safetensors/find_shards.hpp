/// Finds the safetensors files of a model in a directory.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace distload {

/// The files of one model.
struct Shards {
  std::vector<std::string> files;              ///< names in the directory, sorted
  std::filesystem::path index;                 ///< path of the index; empty if there is none
  std::map<std::string, std::string> file_of;  ///< the index: the name of the file that holds each tensor
  std::vector<std::string> warnings;           ///< about files that are ignored
};

/// True if `directory` has a file or index of the name that transformers gives them.
bool has_model_file(std::filesystem::path const& directory);

/// True if `directory` has safetensors files or indexes of any name, except adapters.
bool has_any_shard(std::filesystem::path const& directory);

/// The files that the index in `directory` lists; without an index model.safetensors; otherwise all files that are no
/// adapters: those in the format of Mistral ("consolidated...") only if there are no others. An index of files that are
/// gone is ignored if there is a model.safetensors.
/// @throws NoValidCheckpoint  there is none; files of a numbered series are missing, or several indexes are there.
/// @throws CorruptData, IoError  as read_index.
Shards find_shards(std::filesystem::path const& directory);

/// The files of one index.
/// @throws CorruptData, IoError  as read_index.
Shards shards_of_index(std::filesystem::path const& index);

/// The directory to load instead of `file`, which is one of several files of a model in it; empty if it is not.
std::filesystem::path whole_model_of(std::filesystem::path const& file);

}  // namespace distload
