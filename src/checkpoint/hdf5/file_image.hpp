/// FileImage: an HDF5 file in memory that stores only the pages that have been written.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include <distload/base/bytes.hpp>

#include "checkpoint/hdf5/handle.hpp"
#include "checkpoint/hdf5/property_list.hpp"

namespace distload::hdf5 {

/// Bytes and their offset in a file.
struct FilePatch {
  Bytes offset_bytes = 0;
  std::vector<std::byte> bytes;
};

/// HDF5 creates its structures in the image; the bytes of tensors are not written and take no memory. Storage errors
/// cannot happen here; after one, HDF5 1.10 must not be used any more.
class FileImage {
 public:
  /// As in a file: bytes that have not been written are zero.
  void read(Bytes offset, std::span<std::byte> destination) const;
  void write(Bytes offset, std::span<std::byte const> bytes);

  Bytes size_bytes() const noexcept { return size_bytes_; }
  void set_size(Bytes size_bytes) noexcept { size_bytes_ = size_bytes; }

  /// The pieces, as few as whole pages allow, that turn a file of zeros of the same size into this one.
  std::vector<FilePatch> parts() const;

 private:
  static constexpr Bytes kPageBytes = 4 * kKiB;
  using Page = std::array<std::byte, kPageBytes>;

  std::map<Bytes, Page> pages_;  ///< by page number
  Bytes size_bytes_ = 0;
};

/// An access list for `image`. The image must outlive all files opened with the list; their names have no effect.
PropertyList image_access(FileImage& image);
PropertyList image_access(FileImage& image, FilePlacement const& placement);

}  // namespace distload::hdf5
