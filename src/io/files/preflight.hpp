/// preflight: checks that the files still match the catalog, before collective work depends on them.
#pragma once

#include <vector>

#include "io/files/input_files.hpp"

namespace distload {

/// Local: checks every file of the catalog on this rank. Files that this rank `reads`, by number, stay open in `files`;
/// the others are closed, since a checkpoint may have more files than a process may open.
/// @throws CorruptData  a file is shorter (truncated) or longer than when the catalog was read.
/// @throws IoError      this rank cannot open a file, e.g. because its node does not see it.
void preflight(InputFiles& files, std::vector<bool> const& reads);

}  // namespace distload
