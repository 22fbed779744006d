/// preflight: checks that the files still match the catalog, before collective work depends on them.
#pragma once

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Local: checks every file of the catalog on this rank.
/// @throws CorruptData  a file is shorter (truncated) or longer than when the catalog was read.
/// @throws IoError      this rank cannot open a file, e.g. because its node does not see it.
void preflight(Catalog const& catalog);

}  // namespace distload
