// Blocks at the end of the list.
#include "checkpoint/add_blocks.hpp"

namespace distload {

void add_blocks(Catalog& catalog, Extent& extent) {
  extent.first_block = static_cast<std::uint32_t>(catalog.block_hashes.size());
  catalog.block_hashes.resize(catalog.block_hashes.size() + divide_up(extent.nbytes, catalog.block_bytes));
}

}  // namespace distload
