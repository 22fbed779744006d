/// file_layout: which safetensors file holds which tensor where, with the files' headers and the index over them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <distload/base/dtype.hpp>

#include "synth/families.hpp"

namespace distload::synth {

/// One tensor in its file.
struct PlacedTensor {
  std::uint32_t tensor = 0;  ///< number among all tensors
  Bytes offset_bytes = 0;    ///< in the file
  Bytes nbytes = 0;
};

struct FileLayout {
  std::string name;    ///< "model.safetensors", or "model-00001-of-00003.safetensors"
  std::string header;  ///< everything before the data: its length and the JSON
  std::vector<PlacedTensor> tensors;
  Bytes size_bytes = 0;
};

/// Lays tensors out in order, in files of at most `shard_bytes` each, or of one larger tensor. The data begins at a
/// multiple of 8 bytes.
std::vector<FileLayout> lay_out(std::span<SynthTensor const> tensors, DType dtype, Bytes shard_bytes);

/// The text of model.safetensors.index.json.
std::string index_json(std::span<FileLayout const> files, std::span<SynthTensor const> tensors);

}  // namespace distload::synth
