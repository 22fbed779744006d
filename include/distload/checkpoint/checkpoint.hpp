/// open_checkpoint: reads the metadata of a checkpoint of any format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/checkpoint/catalog.hpp>

namespace distload {

/// Which step of a directory is the latest.
enum class Latest : std::uint8_t {
  valid,   ///< the newest that is valid
  strict,  ///< the newest; an error if it is invalid
};

/// What to do with a stale seal: `distload.checksums.json` beside files that have no checksums of their own, of which a
/// file has another size, header or modification time than the seal states.
enum class SealUse : std::uint8_t {
  refuse_stale,     ///< a stale or damaged seal is an error
  warn_of_stale,    ///< its files are not verified, and a warning says why
  compare_content,  ///< an error, unless only times differ: then a warning, and the blocks are verified
  ignore,           ///< load as if there were no seal
};

/// What to do with safetensors files whose data is cut off behind the header, as in copies of headers alone.
enum class CutShort : std::uint8_t {
  refuse,  ///< an error
  accept,  ///< a warning: their headers are enough for plans; Loader::open also takes a config.json without weights
};

/// Local, for one rank: reads the metadata of the checkpoint at `path`.
///
/// `path` is an HDF5 file (ours or a foreign one), a directory of `model-step-N.h5`, a Hugging Face directory
/// (`config.json` and `model.safetensors`, an index of several files, or files of other names), a model's folder of a
/// Hugging Face Hub cache, one `.safetensors` file, or an index (`*.safetensors.index.json`). In a
/// directory of steps the newest valid one is taken, and invalid newer ones are named in `Catalog::warnings`; valid is
/// what is committed and has an index that agrees with its checksum. With `step` exactly that one is taken.
///
/// @throws NoValidCheckpoint  there is no committed, well-formed checkpoint; says what else is there.
/// @throws CorruptData        a file contradicts itself, is cut short (unless that is accepted), or does not fit its
/// seal.
/// @throws IoError            the system refused.
/// @throws ConfigError        `step` is given, and the checkpoint is a model without steps.
Catalog open_checkpoint(std::string const& path, std::optional<std::uint64_t> step, Latest latest = Latest::valid,
                        SealUse seals = SealUse::refuse_stale, CutShort cut_short = CutShort::refuse);

}  // namespace distload
