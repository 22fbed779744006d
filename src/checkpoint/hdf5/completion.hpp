/// FileCompletion: the bytes that turn a file with written tensors into a complete checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/file_image.hpp"

namespace distload::hdf5 {

/// All of these bytes but the block hashes are known when the file is created. They are written without HDF5, which
/// must be used by one thread only.
class FileCompletion {
 public:
  /// Computes the bytes from the image of a file that lacks only tensors, hashes, commit mark and stamp.
  FileCompletion(FileImage const& image, Catalog const& catalog);

  /// The rows of `/index/xxh3_64`.
  FilePatch hashes(std::span<std::uint64_t const> block_hashes) const;

  /// The bytes that change when `committed` is set to 1.
  std::vector<FilePatch> const& mark() const noexcept { return mark_; }

  /// The stamp of the file after hashes and mark are written.
  FilePatch stamp(std::span<std::uint64_t const> block_hashes) const;

  /// Reads `destination.size()` bytes of the file at an offset.
  using ReadAt = std::function<void(Bytes offset_bytes, std::span<std::byte> destination)>;

  /// Compares all bytes but the tensors with those of a complete file.
  /// @throws CorruptData  they differ; names `path`.
  void check(std::string const& path, std::span<std::uint64_t const> block_hashes, ReadAt const& read_at) const;

 private:
  Bytes file_bytes_ = 0;
  std::vector<std::byte> metadata_;  ///< the file before its first data, with the mark
  FilePatch tensors_;                ///< the table of tensors
  FilePatch extents_;
  Bytes hashes_offset_ = 0;
  Bytes stamp_offset_ = 0;
  std::vector<FilePatch> mark_;
};

}  // namespace distload::hdf5
