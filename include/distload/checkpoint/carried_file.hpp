/// CarriedFile: a file of a model that holds no tensors and goes with it from checkpoint to checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>

namespace distload {

/// A tokenizer, a template or a configuration. Its bytes are in memory, or lie contiguous in a file: in one of its own
/// beside safetensors, in the checkpoint itself if that is an HDF5 file.
struct CarriedFile {
  std::string name;  ///< in the model's directory, e.g. "tokenizer.json"; at most one folder deep
  Bytes nbytes = 0;
  bool by_default = true;  ///< goes along unless told otherwise (`save.files: auto`)
  std::string path;        ///< of the file that holds the bytes
  Bytes offset_bytes = 0;  ///< in that file
  /// When that file was last changed, as its file system counts nanoseconds; 0 where `hash` tells of changes.
  std::int64_t modified = 0;
  std::optional<std::uint64_t> hash = std::nullopt;  ///< XXH3-64, seed 0, of the bytes, if it is known
  /// The bytes, where they are in memory: of this rank only, no message between ranks has them.
  std::shared_ptr<std::vector<std::byte> const> content = nullptr;
};

/// Most bytes that go along by default, of all files together.
inline constexpr Bytes kMostBytesByDefault = 256 * kMiB;

/// Most bytes that can be made to go along, of all files together: they are held in memory.
inline constexpr Bytes kMostCarriedBytes = 2 * kGiB;

/// Local: the bytes of `file`. Nothing is read if they are in memory.
/// @throws IoError      they cannot be read, or the file has changed since it was found.
/// @throws CorruptData  they do not have the file's hash.
std::shared_ptr<std::vector<std::byte> const> content_of(CarriedFile const& file);

}  // namespace distload
