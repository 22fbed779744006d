/// preflight: do the files still look as the catalog says, before anything collective depends on them.
#pragma once

#include <vector>

#include "io/files/input_files.hpp"

namespace distload {

/// Local: examines every file of the catalog from this rank. Files that this rank `reads`, by their numbers, stay open
/// in `files`; the others are closed again, so that a checkpoint may have more of them than a process may have open.
/// @throws CorruptData  a file is shorter (truncated) or longer than when the catalog was read.
/// @throws IoError      a file cannot be opened for reading here, e.g. because this rank's node does not see
/// it.
void preflight(InputFiles& files, std::vector<bool> const& reads);

}  // namespace distload
