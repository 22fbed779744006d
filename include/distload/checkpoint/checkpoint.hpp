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

/// What to do with a seal (`distload.checksums.json` beside files that have no checksums of their own) whose file has
/// been changed since: its size, its header or its time is another one.
enum class SealUse : std::uint8_t {
  refuse_stale,     ///< a stale or damaged seal is an error
  warn_of_stale,    ///< its files are not verified, and a warning says why
  compare_content,  ///< an error, unless only the time differs: then a warning, and the blocks tell
  ignore,           ///< there might as well be no seal
};

/// Local, meant for one rank: reads the metadata of the checkpoint at `path`.
///
/// `path` is an HDF5 file (ours or a foreign one), a directory of `model-step-N.h5`, a Hugging Face directory
/// (`config.json` and `model.safetensors` or `model.safetensors.index.json`), or one `.safetensors` file. In a
/// directory of steps the newest valid one is taken, and what is passed over is named in `Catalog::warnings`; valid is
/// what is committed and has an index that agrees with its checksum. With `step` exactly that one is taken.
///
/// @throws NoValidCheckpoint  nothing is there, or nothing that is committed and well-formed.
/// @throws CorruptData        a file contradicts itself, is cut short, or does not fit its seal.
/// @throws IoError            the system refused.
Catalog open_checkpoint(std::string const& path, std::optional<std::uint64_t> step, Latest latest = Latest::valid,
                        SealUse seals = SealUse::refuse_stale);

}  // namespace distload
