/// check_blocks: reads a checkpoint to compare its blocks with their checksums.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <distload/base/error.hpp>
#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// A block that differs from its checksum or cannot be read, or a damaged carried file.
struct DamagedBlock {
  std::uint32_t extent = 0;  ///< index into `Catalog::extents`
  Bytes begin_bytes = 0;     ///< in the extent
  Bytes nbytes = 0;
  bool is_unreadable = false;
  std::string reason;       ///< one complete sentence that names tensor, file and bytes
  bool is_of_file = false;  ///< `extent` is an index into `CheckpointMetadata::files` instead
};

/// The result of one rank.
struct BlockFindings {
  std::vector<DamagedBlock> damage;
  Bytes verified_bytes = 0;
  Bytes unverified_bytes = 0;  ///< of extents without checksums
};

/// What the findings of all ranks say about a checkpoint.
struct BlockVerdict {
  ExitCode code = ExitCode::done;  ///< io: all damaged blocks are unreadable
  std::string reason;              ///< if nothing could be compared
};

/// @param corrupt     damaged blocks that differ from their checksums
/// @param unreadable  damaged blocks that cannot be read
BlockVerdict verdict_of(std::uint64_t corrupt, std::uint64_t unreadable, Bytes verified_bytes, Bytes unverified_bytes);

/// Where the bytes are read from.
enum class CheckFrom : std::uint8_t {
  anywhere,  ///< page cache or storage
  storage,   ///< bypasses the page cache, or drops the files from it first
};

/// Not collective: checks the share of `rank` of `ranks`; neighbouring blocks belong to different ranks. Carried files
/// with a hash in the checkpoint are checked too.
/// @param on_progress  called repeatedly with the number of bytes read since the last call
/// @throws CorruptData  the size of a file differs from the catalog.
/// @throws IoError      a file cannot be opened.
BlockFindings check_blocks(
    Catalog const& catalog, std::uint32_t rank, std::uint32_t ranks, CheckFrom from,
    std::function<void(Bytes)> const& on_progress = [](Bytes) {});

}  // namespace distload
