/// extract_files: the model's other files out of a checkpoint, as files of their own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Writes the files of those names into `directory`, which is made if it is missing, and says so on stdout. "all" is
/// everything that goes along by default, and config.json; config.json is the checkpoint's attribute.
/// @throws ConfigError           the checkpoint has no file of a name, or there is a file of that name already; nothing
/// is
///                               written then.
/// @throws IoError, CorruptData  as content_of, or a file cannot be written.
void extract_files(Catalog const& catalog, std::vector<std::string> const& names,
                   std::filesystem::path const& directory);

}  // namespace distload
