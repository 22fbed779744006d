/// fingerprint_of: a number that tells catalogs of different checkpoints apart.
#pragma once

#include <cstdint>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// XXH3-64 of the path, the step, the time of creation, the files with their sizes, and the places of all extents.
std::uint64_t fingerprint_of(Catalog const& catalog);

}  // namespace distload
