/// CarriedFile: a file of a model without tensors, which saves copy from checkpoint to checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// A tokenizer, a template or a configuration. Its bytes are in memory or are one range of a file: of a file of its own
/// in a Hugging Face directory, or of the checkpoint itself if that is an HDF5 file.
struct CarriedFile {
  std::string name;        ///< in the model's directory, e.g. "tokenizer.json"; at most one folder deep
  Bytes nbytes = 0;        ///< its size
  bool by_default = true;  ///< is saved with `save.files: auto`
  std::string path;        ///< of the file that holds the bytes
  Bytes offset_bytes = 0;  ///< in that file
  /// Modification time of that file in nanoseconds; 0 where `hash` detects changes.
  std::int64_t modified = 0;
  std::optional<std::uint64_t> hash = std::nullopt;  ///< XXH3-64, seed 0, of the bytes, if known
  /// The bytes, if this rank has them in memory. Not part of messages between ranks.
  std::shared_ptr<std::vector<std::byte> const> content = nullptr;
};

/// Local: the bytes of `file`, read unless they are in memory.
/// @throws IoError      they cannot be read, or the file has changed since it was found.
/// @throws CorruptData  they do not have the file's hash.
std::shared_ptr<std::vector<std::byte> const> content_of(CarriedFile const& file);

}  // namespace distload
