/// safetensors as a sink: which file holds which tensor where, with the files' headers and the index over them. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <distload/base/dtype.hpp>
#include <distload/tensor/dims.hpp>

namespace distload {

/// The index over the files of a directory that has several.
inline constexpr char const* kSafetensorsIndexFile = "model.safetensors.index.json";

/// A tensor that is to be stored.
struct SafetensorsTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
};

/// One tensor in its file.
struct PlacedTensor {
  std::uint32_t tensor = 0;  ///< number among all tensors
  Bytes offset_bytes = 0;    ///< in the file
  Bytes nbytes = 0;
};

struct SafetensorsFile {
  std::string name;                   ///< "model.safetensors", or "model-00001-of-00003.safetensors"
  std::string header;                 ///< everything before the data: its length and the JSON
  std::vector<PlacedTensor> tensors;  ///< in the order of their offsets
  Bytes size_bytes = 0;
};

/// False if a header cannot name a tensor so: its own key for metadata, and what is not UTF-8.
bool is_safetensors_name(std::string const& name);

/// Deals tensors out in order, to files of at most `shard_bytes` of data each, or of one larger tensor. Inside a file
/// they lie as the safetensors library has them: by dtype, the most strictly aligned first, then by name. The data
/// begins at a multiple of 8 bytes.
///
/// @throws ConfigError  a header cannot name one of them.
std::vector<SafetensorsFile> lay_out_safetensors(std::span<SafetensorsTensor const> tensors, Bytes shard_bytes);

/// The text of model.safetensors.index.json.
std::string safetensors_index(std::span<SafetensorsFile const> files, std::span<SafetensorsTensor const> tensors);

}  // namespace distload
