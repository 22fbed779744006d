/// add_blocks: room for the checksums of an extent.
#pragma once

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Gives `extent`, which is to be one of the catalog's, blocks whose hashes are zero.
void add_blocks(Catalog& catalog, Extent& extent);

}  // namespace distload
