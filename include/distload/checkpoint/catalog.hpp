/// Catalog: every tensor of a checkpoint with the files and ranges that hold its bytes. Planner and engines know a
/// checkpoint only through it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/bytes.hpp>
#include <distload/base/choices.hpp>
#include <distload/base/dtype.hpp>
#include <distload/checkpoint/metadata.hpp>
#include <distload/tensor/box.hpp>

namespace distload {

/// Bytes of an extent that share one checksum in files that distload writes; the last block of an extent may be
/// shorter.
inline constexpr Bytes kBlockBytes = 4 * kMiB;

/// `Extent::first_block` of an extent without checksums.
inline constexpr std::uint32_t kNoBlocks = std::numeric_limits<std::uint32_t>::max();

/// One box of a tensor, stored row-major and contiguous.
struct Extent {
  std::uint32_t tensor = 0;  ///< index into `Catalog::tensors`
  std::uint32_t file = 0;    ///< index into `Catalog::files`
  Bytes offset_bytes = 0;    ///< in that file
  Bytes nbytes = 0;          ///< volume(box) x element size
  Box box;                   ///< in the tensor, in elements
  std::uint32_t first_block =
      kNoBlocks;  ///< index into `Catalog::block_hashes` of its first block, kNoBlocks if unverified

  /// True if its blocks can be verified.
  bool has_checksums() const noexcept { return first_block != kNoBlocks; }
};

/// One tensor in its global shape. Its extents are disjoint, cover it, and stand in row-major order of their offsets.
struct TensorInfo {
  std::string name;                ///< unique in the checkpoint
  DType dtype = DType::f32;        ///< stored
  Shape shape;                     ///< global
  std::uint32_t first_extent = 0;  ///< index into `Catalog::extents`
  std::uint32_t extent_count = 0;  ///< extents from there on
  std::string partition;           ///< how its file was written: "column_parallel", ...; empty if unknown
  std::int32_t axis = -1;          ///< the axis that it was cut along, -1 if not cut or unknown

  /// Stored bytes.
  Bytes nbytes() const noexcept { return volume(shape) * size_of(dtype); }
};

/// A tensor that a checkpoint names and that cannot be loaded.
struct UnreadableTensor {
  std::string name;     ///< as the checkpoint has it
  std::string why;      ///< "has dtype 'F5', which is not known"
  bool absent = false;  ///< an index lists it, but its file does not hold it
};

/// A file of a checkpoint.
struct SourceFile {
  std::string path;      ///< to open it
  Bytes size_bytes = 0;  ///< when the catalog was read
};

/// All tensors of one checkpoint. Made on one rank, validated, and sent to the others as one message.
struct Catalog {
  SourceFormat format = SourceFormat::hdf5;  ///< of all files
  std::string path;                          ///< the checkpoint as the user named it, with the step resolved
  CheckpointMetadata metadata;               ///< stated by the checkpoint
  std::vector<SourceFile> files;             ///< that hold tensors
  std::vector<TensorInfo> tensors;           ///< sorted by name
  std::vector<Extent> extents;               ///< grouped by tensor
  Bytes block_bytes = kBlockBytes;           ///< bytes per checksum; extents are divided among ranks in multiples of it
  std::vector<std::uint64_t> block_hashes;   ///< XXH3-64, seed 0, of every block of every extent with checksums
  std::vector<std::string> warnings;         ///< for people, e.g. that nothing can be verified
  std::vector<UnreadableTensor> unreadable;  ///< that are not among `tensors`; sorted by name
  bool described = false;  ///< by config.json and the family's rules alone: there are no weights, only plans

  /// The tensor of that name, or nullptr.
  TensorInfo const* find(std::string_view name) const noexcept;
  /// The extents of a tensor of this catalog.
  std::span<Extent const> extents_of(TensorInfo const& tensor) const noexcept;
  /// Checksums of the extent's blocks; empty if it has none.
  std::span<std::uint64_t const> hashes_of(Extent const& extent) const noexcept;
  /// Bytes of all tensors.
  Bytes nbytes() const noexcept;
};

}  // namespace distload
