/// BlockVerifier: compares arriving bytes with the catalog's checksums while they are in the processor's cache.
#pragma once

#include <cstddef>
#include <span>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "base/hash.hpp"
#include "io/engines/engine.hpp"

namespace distload {

/// Verifies the bytes of one extent, which arrive in order and in parts of any size. Used by one thread.
class ExtentVerifier {
 public:
  explicit ExtentVerifier(Catalog const& catalog) : catalog_(&catalog) {}

  /// The next bytes are those of `extent`, which has checksums, from `begin_bytes`, a block boundary.
  void start(Extent const& extent, Bytes begin_bytes) noexcept;

  /// Hashes the next bytes, and compares each block that ends in them.
  /// @throws CorruptData  the XXH3-64 of a block differs from the catalog's: names tensor, file, byte range and both
  ///                      hashes.
  void update(std::span<std::byte const> bytes);

  /// Where the next byte lies in the extent.
  Bytes position() const noexcept { return position_; }
  /// True if no block has been hashed in part.
  bool is_between_blocks() const noexcept;

 private:
  void finish_block();

  Catalog const* catalog_;
  Extent const* extent_ = nullptr;
  Bytes position_ = 0;  ///< in the extent
  StreamHash hash_;
};

/// Verifies the bytes of several requests, which arrive in order and in parts of any size. Used by one thread.
class BlockVerifier {
 public:
  explicit BlockVerifier(Catalog const& catalog) : catalog_(&catalog), blocks_(catalog) {}

  /// True if at least one of the requests has checksums.
  bool has_checksums(std::span<ReadRequest const> requests) const noexcept;

  /// The next bytes are those of `requests`, in order. The span must stay valid until all of them have arrived.
  void start(std::span<ReadRequest const> requests);

  /// Hashes the next bytes; skips extents without checksums.
  /// @throws CorruptData  as ExtentVerifier::update.
  void update(std::span<std::byte const> bytes);

 private:
  Catalog const* catalog_;
  std::span<ReadRequest const> requests_;
  Bytes done_ = 0;  ///< bytes of the first of `requests_` that have arrived
  ExtentVerifier blocks_;
};

}  // namespace distload
