/// check_blocks: reads a checkpoint only to compare its blocks with their checksums.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// A block whose bytes are not what was written, or that the system does not give; or one of the model's other files.
struct DamagedBlock {
  std::uint32_t extent = 0;  ///< index into `Catalog::extents`
  Bytes begin_bytes = 0;     ///< in the extent
  Bytes nbytes = 0;
  bool is_unreadable = false;
  std::string reason;       ///< one complete sentence that names tensor, file and bytes
  bool is_of_file = false;  ///< `extent` is an index into `CheckpointMetadata::files` instead
};

/// What one rank found.
struct BlockFindings {
  std::vector<DamagedBlock> damage;
  Bytes verified_bytes = 0;
  Bytes unverified_bytes = 0;  ///< of extents without checksums
};

/// Where the bytes are to come from.
enum class CheckFrom : std::uint8_t {
  anywhere,  ///< also from the page cache
  storage,   ///< past the page cache, or after it has forgotten the files
};

/// Not collective: reads the share of `rank` of `ranks`; neighbouring blocks go to different ranks. The model's other
/// files are compared too, where the checkpoint has hashes of them.
/// @param on_progress  called now and then with the bytes read since the last call
/// @throws CorruptData  a file is not of the size that the catalog says.
/// @throws IoError      a file cannot be opened.
BlockFindings check_blocks(
    Catalog const& catalog, std::uint32_t rank, std::uint32_t ranks, CheckFrom from,
    std::function<void(Bytes)> const& on_progress = [](Bytes) {});

}  // namespace distload
