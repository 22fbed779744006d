/// BlockHasher: the checksums of blocks from bytes that come in parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "base/hash.hpp"

namespace distload {

/// Follows what one rank writes of a catalog's extents.
class BlockHasher {
 public:
  /// The catalog, whose extents all have blocks, outlives the object.
  explicit BlockHasher(Catalog const& catalog);

  /// A part of one block.
  struct Part {
    std::uint64_t block = 0;  ///< of the extent
    Bytes begin_bytes = 0;    ///< in the extent
    std::span<std::byte const> bytes;
    std::optional<std::uint64_t> hash;  ///< of the block, if it ends here
    bool is_whole = false;              ///< the part is all of the block
  };

  /// Cuts `bytes`, which follow at `begin_bytes`, between blocks. Hashes one part after the other, and hands each to
  /// `take` while it is in cache.
  /// @throws InternalError  they begin within a block and are not what follows next, or go beyond the extent.
  void add(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes,
           std::function<void(Part const&)> const& take);

  /// How often each block of the catalog has been completed.
  std::vector<std::uint64_t>& times() noexcept { return times_; }

 private:
  /// A block of which a part has come.
  struct Open {
    Bytes end = 0;  ///< in the extent, of that part
    StreamHash hash;
  };

  Catalog const* catalog_;
  std::map<std::uint32_t, Open> open_;  ///< by extent
  std::vector<std::uint64_t> times_;
};

}  // namespace distload
