/// BaseBlocks: finds blocks of a new checkpoint that an older one (the base) already has, so that they need not be
/// written.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "io/files/input_file.hpp"
#include "io/files/output_file.hpp"

namespace distload {

/// Relates the base's extents to those of the new file. Used by one thread at a time.
class BaseBlocks {
 public:
  /// Extents correspond if they have the same box of a tensor of the same name, shape and dtype. Both catalogs must
  /// outlive the object.
  BaseBlocks(Catalog const& base, Catalog const& file);

  /// True if a block of an extent of the new file has the same checksum in the base.
  bool has(std::uint32_t extent, std::uint64_t block, std::uint64_t hash) const;

  /// A range of an extent.
  struct Range {
    Bytes begin_bytes = 0;
    Bytes nbytes = 0;
  };

  /// Asks the file system to reuse the base's bytes of a range of an extent in the new file: by sharing blocks
  /// (reflink) or by a copy on the file system's servers. Refuses where the bytes would pass through this machine,
  /// since writing from memory is faster. Precondition: `has`.
  /// @returns the part of the range that the new file now has, possibly none; only whole blocks can be shared
  Range reuse(std::uint32_t extent, Range range, OutputFile const& file);

 private:
  Catalog const* base_;
  Catalog const* file_;
  std::vector<std::optional<std::uint32_t>> base_extents_;  ///< by extent of the new file: the base's extent
  std::vector<std::optional<InputFile>> opened_;            ///< by the base's file number
  bool servers_copy_ = false;                               ///< the new file's file system copies on its servers
  bool was_refused_ = false;                                ///< set after the first refusal
};

}  // namespace distload
