/// Reads carried files into memory.
#pragma once

#include <vector>

#include <distload/checkpoint/carried_file.hpp>

namespace distload {

/// Local: sorts `files` by name and reads those whose bytes are not in memory.
/// @throws ConfigError           two files have the same name, or a name is not allowed.
/// @throws IoError, CorruptData  as content_of.
void load_files(std::vector<CarriedFile>& files);

}  // namespace distload
