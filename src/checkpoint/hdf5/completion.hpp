/// FileCompletion: what makes a complete checkpoint of a file whose tensors have been written.
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

/// Apart from the block hashes all of it is known when the file is created. So a file is completed by writing bytes,
/// without HDF5, which is not for several threads.
class FileCompletion {
 public:
  /// Takes it from the image of a file that has everything but the tensors, hashes, commit mark and stamp.
  FileCompletion(FileImage const& image, Catalog const& catalog);

  /// The rows of `/index/xxh3_64`.
  FilePatch hashes(std::span<std::uint64_t const> block_hashes) const;

  /// What setting `committed` to 1 changes.
  std::vector<FilePatch> const& mark() const noexcept { return mark_; }

  /// The stamp of the file with hashes and mark.
  FilePatch stamp(std::span<std::uint64_t const> block_hashes) const;

  /// Reads `destination.size()` bytes of the file from an offset on.
  using ReadAt = std::function<void(Bytes offset_bytes, std::span<std::byte> destination)>;

  /// Compares everything but the tensors with what a complete file has.
  /// @throws CorruptData  it is something else; names `path`.
  void check(std::string const& path, std::span<std::uint64_t const> block_hashes, ReadAt const& read_at) const;

 private:
  Bytes file_bytes_ = 0;
  std::vector<std::byte> metadata_;  ///< the file up to its first data, with the mark
  FilePatch tensors_;                ///< the table
  FilePatch extents_;
  Bytes hashes_offset_ = 0;
  Bytes stamp_offset_ = 0;
  std::vector<FilePatch> mark_;
};

}  // namespace distload::hdf5
