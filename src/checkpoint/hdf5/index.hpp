/// The index of a checkpoint file: the catalog's tables as datasets that h5dump prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "checkpoint/hdf5/handle.hpp"
#include "checkpoint/hdf5/index_rows.hpp"

namespace distload::hdf5 {

/// Creates the tables of tensors and extents with their rows, and the table of hashes with space for one hash per
/// block.
void create_index(GroupView index, Catalog const& catalog);

/// The bytes of the three tables.
struct IndexTables {
  RowSizes sizes;
  std::vector<std::byte> tensors;
  std::vector<std::byte> extents;
  std::vector<std::byte> hashes;

  /// XXH3-64 of all three tables, in this order.
  std::uint64_t digest() const;
};

/// @throws CorruptData  the tables do not have the form of this version.
IndexTables read_index(GroupView index, std::string const& path);

/// Fills the catalog's tensors, extents and block hashes.
/// @throws CorruptData  the tables contradict each other.
void decode_index(IndexTables const& tables, std::string const& path, Catalog& catalog);

}  // namespace distload::hdf5
