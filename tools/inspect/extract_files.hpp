/// extract_files: extracts the carried files of a checkpoint.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Writes the files with these names into `directory`, which is created if missing, and prints their names. "all" means
/// all files that are carried by default, and config.json. config.json is an attribute of the checkpoint.
/// @throws ConfigError           the checkpoint has no file with a name, or `directory` has it already; nothing is
///                               written then.
void extract_files(Catalog const& catalog, std::vector<std::string> const& names,
                   std::filesystem::path const& directory);

}  // namespace distload
