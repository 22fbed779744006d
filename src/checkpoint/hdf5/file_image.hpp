/// FileImage: an HDF5 file in memory, as far as anything has been written to it.
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

/// Bytes at their place in a file.
struct FilePatch {
  Bytes offset_bytes = 0;
  std::vector<std::byte> bytes;
};

/// HDF5 makes structures in it, while the bytes of tensors, which nobody writes here, take no memory; and nothing that
/// it does here can fail for the sake of storage, after which HDF5 1.10 is not to be used any more.
class FileImage {
 public:
  /// As in a file: what has not been written is zero.
  void read(Bytes offset, std::span<std::byte> destination) const;
  void write(Bytes offset, std::span<std::byte const> bytes);

  Bytes size_bytes() const noexcept { return size_bytes_; }
  void set_size(Bytes size_bytes) noexcept { size_bytes_ = size_bytes; }

  /// All that makes a file of so many zeros this one, in as few pieces as whole pages allow.
  std::vector<FilePatch> parts() const;

 private:
  static constexpr Bytes kPageBytes = 4 * kKiB;
  using Page = std::array<std::byte, kPageBytes>;

  std::map<Bytes, Page> pages_;  ///< by their number
  Bytes size_bytes_ = 0;
};

/// Access to `image`, which outlives all files that are opened with it, whatever their names.
PropertyList image_access(FileImage& image);
PropertyList image_access(FileImage& image, FilePlacement const& placement);

}  // namespace distload::hdf5
