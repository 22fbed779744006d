/// BlockVerifier: holds arriving bytes against the catalog's checksums while they are still in cache.
#pragma once

#include <cstddef>
#include <span>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "base/hash.hpp"
#include "io/engines/engine.hpp"

namespace distload {

/// Follows the bytes of one extent as they arrive, in order and in parts of any size. Used by one thread.
class ExtentVerifier {
 public:
  explicit ExtentVerifier(Catalog const& catalog) : catalog_(&catalog) {}

  /// The bytes of `extent`, which has checksums, from `begin_bytes` on, where a block begins, are what comes next.
  void start(Extent const& extent, Bytes begin_bytes) noexcept;

  /// Takes the next bytes.
  /// @throws CorruptData  a block ended and its XXH3-64 is not the catalog's: names tensor, file, byte range
  /// and both hashes.
  void update(std::span<std::byte const> bytes);

  /// The bytes of the extent that have been passed or taken.
  Bytes position() const noexcept { return position_; }
  /// True if what has been taken is whole blocks.
  bool is_between_blocks() const noexcept;

 private:
  void finish_block();

  Catalog const* catalog_;
  Extent const* extent_ = nullptr;
  Bytes position_ = 0;  ///< in the extent
  StreamHash hash_;
};

/// Follows the bytes of some requests as they arrive, in order and in parts of any size. Used by one thread.
class BlockVerifier {
 public:
  explicit BlockVerifier(Catalog const& catalog) : catalog_(&catalog), blocks_(catalog) {}

  /// True if some of these requests can be verified at all.
  bool has_checksums(std::span<ReadRequest const> requests) const noexcept;

  /// The bytes of `requests`, one after the other, are what comes next. The span must stay valid until they
  /// have all come.
  void start(std::span<ReadRequest const> requests);

  /// Takes the next bytes; passes over those of extents without checksums.
  /// @throws CorruptData  as ExtentVerifier does.
  void update(std::span<std::byte const> bytes);

 private:
  Catalog const* catalog_;
  std::span<ReadRequest const> requests_;
  Bytes done_ = 0;  ///< of the first of `requests_`
  ExtentVerifier blocks_;
};

}  // namespace distload
