/// preflight: do the files still look as the catalog says, before anything collective depends on them.
#pragma once

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Local: examines every file of the catalog from this rank.
/// @throws CorruptData  a file is shorter (truncated) or longer than when the catalog was read.
/// @throws IoError      a file cannot be opened for reading here, e.g. because this rank's node does not see
/// it.
void preflight(Catalog const& catalog);

}  // namespace distload
