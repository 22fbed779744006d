/// The layout of a new checkpoint file: everything in it but the bytes of the tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/completion.hpp"

namespace distload::hdf5 {

/// A tensor that is to be stored.
struct NewTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::string partition;      ///< for readers: "column_parallel", ...
  std::int32_t axis = -1;     ///< the axis that is cut, -1 if none
  std::optional<Dims> chunk;  ///< contiguous if none
};

/// A file that has everything but the bytes of its tensors, what they decide, and the bytes of `metadata.files`.
struct NewFile {
  Catalog catalog;  ///< sorted by name, with offsets final and block hashes still zero; its metadata's files have the
                    ///< places and the contents that are to be written there
  FileImage image;  ///< what is in it
  FileCompletion completion;
};

/// The file that is to be written at `path`, with space for every tensor and for the files of `metadata`, whose
/// contents are in memory, the index and no commit mark. Local, and touches no storage: one rank does it, which is
/// several times as fast as if all had to agree on every dataset.
///
/// @param alignment  of every tensor that is at least as large, in bytes
NewFile lay_out_file(std::string const& path, CheckpointMetadata const& metadata, std::span<NewTensor const> tensors,
                     Bytes alignment);

}  // namespace distload::hdf5
