/// open_checkpoint: whatever the user names, as a Catalog.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Which step of a directory is the latest.
enum class Latest : std::uint8_t {
  valid,   ///< the newest that is valid
  strict,  ///< the newest, which has to be valid
};

/// Local, meant for one rank: reads the metadata of the checkpoint at `path`.
///
/// `path` is an HDF5 file (ours or anybody's), a directory of `model-step-N.h5`, a Hugging Face directory
/// (`config.json` and `model.safetensors` or `model.safetensors.index.json`), or one `.safetensors` file. In a
/// directory of steps the newest valid one is taken, and what is passed over is named in `Catalog::warnings`; valid is
/// what is committed and has an index that agrees with its checksum. With `step` exactly that one is taken.
///
/// @throws NoValidCheckpoint  nothing is there, or nothing that is committed and well-formed.
/// @throws CorruptData        a file contradicts itself or is cut short.
/// @throws IoError            the system refused.
Catalog open_checkpoint(std::string const& path, std::optional<std::uint64_t> step, Latest latest = Latest::valid);

}  // namespace distload
