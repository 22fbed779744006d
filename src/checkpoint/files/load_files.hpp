/// Brings files that go along with a model into memory.
#pragma once

#include <vector>

#include <distload/checkpoint/carried_file.hpp>

namespace distload {

/// Local: sorts `files` by name and reads those whose bytes are not in memory.
/// @throws ConfigError           two have one name, or one has a name that none may have.
/// @throws IoError, CorruptData  as content_of.
void load_files(std::vector<CarriedFile>& files);

}  // namespace distload
