/// safetensors as a target: the files, their headers, the position of each tensor, and the index. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <distload/base/dtype.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

/// The index of a directory with several files.
inline constexpr char const* kSafetensorsIndexFile = "model.safetensors.index.json";

/// A tensor to store.
struct SafetensorsTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;  ///< as in a catalog: of types smaller than a byte, in units of whole bytes
};

/// A tensor and its offset.
struct PlacedTensor {
  std::uint32_t tensor = 0;  ///< number among all tensors
  Bytes offset_bytes = 0;    ///< in the file
  Bytes nbytes = 0;
};

struct SafetensorsFile {
  std::string name;                   ///< "model.safetensors", or "model-00001-of-00003.safetensors"
  std::string header;                 ///< the bytes before the data: length and JSON
  std::vector<PlacedTensor> tensors;  ///< sorted by offset
  Bytes size_bytes = 0;
};

/// False for names that a header cannot contain: the key of the format's metadata, and names that are not UTF-8.
bool is_safetensors_name(std::string const& name);

/// Distributes tensors, in order, over files of at most `shard_bytes` of data; a larger tensor gets its own file. The
/// order inside a file is that of the safetensors library: by dtype, the most strictly aligned first, then by name. The
/// data begins at a multiple of 8 bytes.
///
/// @throws ConfigError  a name is not allowed in a header.
std::vector<SafetensorsFile> lay_out_safetensors(std::span<SafetensorsTensor const> tensors, Bytes shard_bytes);

/// The text of model.safetensors.index.json.
std::string safetensors_index(std::span<SafetensorsFile const> files, std::span<SafetensorsTensor const> tensors);

}  // namespace distload
