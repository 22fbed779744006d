/// The stamp: shows whether a file has been rewritten or edited since its index was written.
#pragma once

#include <cstdint>
#include <optional>

#include "checkpoint/hdf5/handle.hpp"
#include "checkpoint/hdf5/superblock.hpp"

namespace distload::hdf5 {

/// All of HDF5's own structures lie before the first byte of data, and a change of any dataset changes them.
struct Stamp {
  std::uint64_t file_bytes = 0;
  std::uint64_t metadata_bytes = 0;  ///< from the beginning of the file to the first byte of data
  std::uint64_t metadata_hash = 0;   ///< XXH3-64 of these bytes
  std::uint64_t index_hash = 0;      ///< `IndexTables::digest`

  friend bool operator==(Stamp const&, Stamp const&) = default;
};

/// Creates the stamp's dataset. The stamp is data, so that writing it does not change the bytes it describes.
void create_stamp(GroupView index);

/// Nothing if the stamp is missing or of another version.
std::optional<Stamp> read_stamp(GroupView index);

/// True if the stamp describes this closed file.
/// @throws IoError  the file cannot be read.
bool belongs_to_file(Stamp const& stamp, PlainFile& file);

}  // namespace distload::hdf5
