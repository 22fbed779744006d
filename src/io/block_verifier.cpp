// Block checksums of arriving bytes.
#include "io/block_verifier.hpp"

#include <algorithm>
#include <cassert>

#include <distload/base/error.hpp>

#include "io/location.hpp"

namespace distload {

bool BlockVerifier::has_checksums(std::span<ReadRequest const> requests) const noexcept {
  return std::ranges::any_of(
      requests, [&](ReadRequest const& request) { return catalog_->extents[request.extent].has_checksums(); });
}

void BlockVerifier::start(std::span<ReadRequest const> requests) {
  requests_ = requests;
  done_ = 0;
  hash_.reset();
}

void BlockVerifier::update(std::span<std::byte const> bytes) {
  while (!bytes.empty()) {
    assert(!requests_.empty());
    auto const& request = requests_.front();
    auto const& extent = catalog_->extents[request.extent];
    auto const position = request.begin_bytes + done_;
    auto part = std::min<Bytes>(bytes.size(), request.nbytes - done_);
    if (extent.has_checksums()) {
      auto const block_end =
          std::min(position - position % catalog_->block_bytes + catalog_->block_bytes, extent.nbytes);
      part = std::min(part, block_end - position);
      hash_.update(bytes.first(part));
      if (position + part == block_end) finish_block(extent, block_end);
    }
    bytes = bytes.subspan(part);
    done_ += part;
    if (done_ == request.nbytes) {
      requests_ = requests_.subspan(1);
      done_ = 0;
    }
  }
}

void BlockVerifier::finish_block(Extent const& extent, Bytes end) {
  auto const block = (end - 1) / catalog_->block_bytes;
  auto const expected = catalog_->hashes_of(extent)[block];
  auto const found = hash_.digest();
  hash_.reset();
  if (found == expected) return;
  throw CorruptData("damaged data: " + describe_location(*catalog_, extent, block * catalog_->block_bytes, end) +
                    ": XXH3-64 is " + format_hash(found) + ", written was " + format_hash(expected));
}

}  // namespace distload
