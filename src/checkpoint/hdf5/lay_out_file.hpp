/// The layout of a new checkpoint file: everything but the bytes of the tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/completion.hpp"

namespace distload::hdf5 {

/// A tensor to store.
struct NewTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::string partition;      ///< for readers of the file: "column_parallel", ...
  std::int32_t axis = -1;     ///< the partitioned axis, -1 if none
  std::optional<Dims> chunk;  ///< contiguous if empty
};

/// A file without the bytes of its tensors, the bytes that depend on them, and the bytes of `metadata.files`.
struct NewFile {
  Catalog catalog;  ///< sorted by name, with final offsets; block hashes are zero; the files of its metadata have
                    ///< positions and contents
  FileImage image;  ///< the content of the file so far
  FileCompletion completion;
};

/// The file to write at `path`, with space for every tensor and for the files of `metadata`, whose contents are in
/// memory, with the index and without a commit mark. Local: does not access storage. One rank calls it, which is
/// several times as fast as creating datasets collectively.
///
/// @param alignment  in bytes, of every tensor that is at least as large
NewFile lay_out_file(std::string const& path, CheckpointMetadata const& metadata, std::span<NewTensor const> tensors,
                     Bytes alignment);

}  // namespace distload::hdf5
