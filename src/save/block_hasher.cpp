// Hashes whole blocks at once and other blocks incrementally.
#include "save/block_hasher.hpp"

#include <algorithm>
#include <string>

#include <distload/base/error.hpp>

#include "base/text.hpp"

namespace distload {

BlockHasher::BlockHasher(Catalog const& catalog) : catalog_(&catalog), times_(catalog.block_hashes.size()) {}

void BlockHasher::add(std::uint32_t extent_number, Bytes begin_bytes, std::span<std::byte const> bytes,
                      std::function<void(Part const&)> const& take) {
  auto const& extent = catalog_->extents.at(extent_number);
  auto const block_bytes = catalog_->block_bytes;
  auto const open = open_.find(extent_number);
  auto const follows = open != open_.end() && open->second.end == begin_bytes;
  if (begin_bytes > extent.nbytes || bytes.size() > extent.nbytes - begin_bytes ||
      (begin_bytes % block_bytes != 0 && !follows)) {
    throw InternalError("bytes [" + std::to_string(begin_bytes) + ", " + std::to_string(begin_bytes + bytes.size()) +
                        ") of tensor '" + printable(catalog_->tensors[extent.tensor].name) +
                        "' do not begin with a block, nor where the last ones have ended, or are too many");
  }
  while (!bytes.empty()) {
    auto const block = begin_bytes / block_bytes;
    auto const block_begin = block * block_bytes;
    auto const block_end = std::min(block_begin + block_bytes, extent.nbytes);
    auto const taken = bytes.first(std::min<Bytes>(bytes.size(), block_end - begin_bytes));
    auto const end = begin_bytes + taken.size();
    Part part{block, begin_bytes, taken, std::nullopt, begin_bytes == block_begin && end == block_end};
    if (part.is_whole) {
      part.hash = xxh3_64(taken);
    } else {
      auto& [open_end, hash] = open_[extent_number];
      if (begin_bytes == block_begin) hash.reset();
      hash.update(taken);
      open_end = end;
      if (end == block_end) {
        part.hash = hash.digest();
        open_.erase(extent_number);
      }
    }
    if (part.hash) ++times_[extent.first_block + block];
    take(part);
    begin_bytes = end;
    bytes = bytes.subspan(taken.size());
  }
}

}  // namespace distload
