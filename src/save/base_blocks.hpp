/// BaseBlocks: blocks that a new checkpoint has in common with an older one need not be written.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "io/files/input_file.hpp"
#include "io/files/output_file.hpp"

namespace distload {

/// The base's extents beside those of the new file. Used by one thread at a time.
class BaseBlocks {
 public:
  /// Extents correspond if they are the same box of a tensor of the same name, shape and dtype. Both catalogs outlive
  /// the object.
  BaseBlocks(Catalog const& base, Catalog const& file);

  /// True if a block of an extent of the new file has the same checksum in the base.
  bool has(std::uint32_t extent, std::uint64_t block, std::uint64_t hash) const;

  /// A range of an extent.
  struct Range {
    Bytes begin_bytes = 0;
    Bytes nbytes = 0;
  };

  /// Has the file system put the base's bytes of a range of an extent into the new file, if it can: by sharing their
  /// blocks or, on a file system whose servers can, by copying them there. Where it could only read and
  /// write them on this machine they are better written from memory. Precondition: `has`.
  /// @returns what of the range is in the file now, perhaps nothing; blocks can only be shared as a whole
  Range reuse(std::uint32_t extent, Range range, OutputFile const& file);

 private:
  Catalog const* base_;
  Catalog const* file_;
  std::vector<std::optional<std::uint32_t>> base_extents_;  ///< by extent of the new file: the base's
  std::vector<std::optional<InputFile>> opened_;            ///< by the base's file number
  bool servers_copy_ = false;                               ///< of the new file's file system
  bool gave_up_ = false;                                    ///< after the first refusal
};

}  // namespace distload
