/// Finds the files that may be carried with a model.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <distload/checkpoint/carried_file.hpp>

namespace distload {

/// Local: the regular files in `directory`, and links to them, that may be carried, sorted by name; default ones are
/// marked. Reads no file. Leaves out hidden files and files that every save creates. Searches only folders that may
/// contain default files.
/// @param warnings  gets a sentence if the directory cannot be listed
std::vector<CarriedFile> find_files(std::filesystem::path const& directory, std::vector<std::string>& warnings);

}  // namespace distload
