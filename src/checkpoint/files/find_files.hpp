/// Finds the files that may go along with a model.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <distload/checkpoint/carried_file.hpp>

namespace distload {

/// Local: the regular files in `directory`, and links to such, that may go along with the model there, sorted by name;
/// those that do so by default are marked. Nothing is read. Hidden files and what every save makes itself are left out;
/// folders are looked into only where files in them go along by default.
/// @param warnings  gets a sentence if the directory cannot be listed
std::vector<CarriedFile> find_files(std::filesystem::path const& directory, std::vector<std::string>& warnings);

}  // namespace distload
