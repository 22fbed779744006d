/// Reads the index of a model in several safetensors files.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace distload {

/// How the name of every index ends.
inline constexpr char const* kIndexEnding = ".safetensors.index.json";

/// The name of the file that holds each tensor, by the tensor's name; at least one.
/// @throws CorruptData  it is no index, or names what is no file in its directory; names file and position.
/// @throws IoError      it cannot be read.
std::map<std::string, std::string> read_index(std::filesystem::path const& path);

}  // namespace distload
