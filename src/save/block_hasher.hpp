/// BlockHasher: computes block checksums from bytes that arrive in parts.
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

/// Hashes what one rank writes of a catalog's extents.
class BlockHasher {
 public:
  /// All extents of the catalog have blocks. The catalog must outlive the object.
  explicit BlockHasher(Catalog const& catalog);

  /// A part of one block.
  struct Part {
    std::uint64_t block = 0;  ///< index in the extent
    Bytes begin_bytes = 0;    ///< in the extent
    std::span<std::byte const> bytes;
    std::optional<std::uint64_t> hash;  ///< of the block, if it ends with this part
    bool is_whole = false;              ///< true if the part is the whole block
  };

  /// Splits `bytes`, which begin at `begin_bytes`, at block boundaries. Hashes the parts in order and passes each to
  /// `take` while it is in cache.
  /// @throws InternalError  `bytes` begin inside a block but do not continue the previous part, or exceed the extent.
  void add(std::uint32_t extent, Bytes begin_bytes, std::span<std::byte const> bytes,
           std::function<void(Part const&)> const& take);

  /// For each block of the catalog, how often it was completed.
  std::vector<std::uint64_t>& times() noexcept { return times_; }

 private:
  /// A block of which only a part has arrived.
  struct Open {
    Bytes end = 0;  ///< end of that part in the extent
    StreamHash hash;
  };

  Catalog const* catalog_;
  std::map<std::uint32_t, Open> open_;  ///< by extent
  std::vector<std::uint64_t> times_;
};

}  // namespace distload
