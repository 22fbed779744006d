// Hashes arriving bytes block by block.
#include "io/engines/block_verifier.hpp"

#include <algorithm>
#include <cassert>

#include <distload/base/error.hpp>

#include "io/engines/location.hpp"

namespace distload {

void ExtentVerifier::start(Extent const& extent, Bytes begin_bytes) noexcept {
  assert(extent.has_checksums() && begin_bytes % catalog_->block_bytes == 0);
  extent_ = &extent;
  position_ = begin_bytes;
  hash_.reset();
}

bool ExtentVerifier::is_between_blocks() const noexcept {
  return position_ % catalog_->block_bytes == 0 || position_ == extent_->nbytes;
}

void ExtentVerifier::update(std::span<std::byte const> bytes) {
  while (!bytes.empty()) {
    auto const block_end =
        std::min(round_down(position_, catalog_->block_bytes) + catalog_->block_bytes, extent_->nbytes);
    auto const part = std::min<Bytes>(bytes.size(), block_end - position_);
    hash_.update(bytes.first(part));
    bytes = bytes.subspan(part);
    position_ += part;
    if (position_ == block_end) finish_block();
  }
}

void ExtentVerifier::finish_block() {
  auto const block = (position_ - 1) / catalog_->block_bytes;
  auto const expected = catalog_->hashes_of(*extent_)[block];
  auto const found = hash_.digest();
  hash_.reset();
  if (found == expected) return;
  throw CorruptData(
      "damaged data: " + describe_location(*catalog_, *extent_, block * catalog_->block_bytes, position_) +
      ": XXH3-64 is " + format_hash(found) + ", written was " + format_hash(expected));
}

bool BlockVerifier::has_checksums(std::span<ReadRequest const> requests) const noexcept {
  return std::ranges::any_of(
      requests, [&](ReadRequest const& request) { return catalog_->extents[request.extent].has_checksums(); });
}

void BlockVerifier::start(std::span<ReadRequest const> requests) {
  requests_ = requests;
  done_ = 0;
}

void BlockVerifier::update(std::span<std::byte const> bytes) {
  while (!bytes.empty()) {
    assert(!requests_.empty());
    auto const& request = requests_.front();
    auto const& extent = catalog_->extents[request.extent];
    auto const part = std::min<Bytes>(bytes.size(), request.nbytes - done_);
    if (extent.has_checksums()) {
      if (done_ == 0) blocks_.start(extent, request.begin_bytes);
      blocks_.update(bytes.first(part));
    }
    bytes = bytes.subspan(part);
    done_ += part;
    if (done_ == request.nbytes) {
      requests_ = requests_.subspan(1);
      done_ = 0;
    }
  }
}

}  // namespace distload
