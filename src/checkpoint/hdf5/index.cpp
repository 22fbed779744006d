// Writes and reads the tables of the index.
#include "checkpoint/hdf5/index.hpp"

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/property_list.hpp"

namespace distload::hdf5 {
namespace {

Dataset create_table(GroupView index, char const* name, DatatypeView row_type, std::uint64_t rows) {
  return create_dataset(index, name, row_type, make_run_space(rows).view(), contiguous_creation().view());
}

void create_filled_table(GroupView index, char const* name, DatatypeView row_type, std::span<std::byte const> bytes,
                         std::uint64_t rows) {
  auto const table = create_table(index, name, row_type, rows);
  if (rows > 0) write_all(table.view(), bytes.data());
}

/// The bytes of a table's rows.
std::vector<std::byte> read_table(GroupView index, char const* name) {
  auto const table = open_dataset(index, name);
  auto const shape = shape_of(space_of(table.view()).view());
  auto const nbytes = checked_volume(shape, H5Tget_size(type_of(table.view()).view().id()));
  if (!nbytes || *nbytes > kGiB)
    throw CorruptData("the table '" + std::string(name) + "' of the index has an impossible size");
  std::vector<std::byte> bytes(*nbytes);
  if (!bytes.empty()) read_all(table.view(), bytes.data());
  return bytes;
}

}  // namespace

void create_index(GroupView index, Catalog const& catalog) {
  auto const sizes = row_sizes_of(catalog);
  create_filled_table(index, kTensorTable, tensor_row_type(sizes).view(), encode_tensors(catalog, sizes),
                      catalog.tensors.size());
  create_filled_table(index, kExtentTable, extent_row_type(sizes).view(), encode_extents(catalog, sizes),
                      catalog.extents.size());
  create_table(index, kHashTable, DatatypeView(H5T_STD_U64LE), catalog.block_hashes.size());
}

std::uint64_t IndexTables::digest() const {
  StreamHash hash;
  for (auto const* const table : {&tensors, &extents, &hashes}) hash.update(*table);
  return hash.digest();
}

IndexTables read_index(GroupView index, std::string const& path) {
  auto const row_type = type_of(open_dataset(index, kTensorTable).view());
  auto const sizes = row_sizes_of(row_type.view());
  auto const is_of_type = [&](char const* table, DatatypeView type) {
    auto const stored = type_of(open_dataset(index, table).view());
    return DISTLOAD_HDF5(path, H5Tequal(stored.view().id(), type.id())) > 0;
  };
  if (!sizes || !is_of_type(kExtentTable, extent_row_type(*sizes).view()) ||
      !is_of_type(kHashTable, DatatypeView(H5T_STD_U64LE))) {
    throw CorruptData(path + ": the tables of the index are not those of this format version");
  }
  return {*sizes, read_table(index, kTensorTable), read_table(index, kExtentTable), read_table(index, kHashTable)};
}

namespace {

/// Checks all references between the tables, so that the catalog's functions can be called safely.
void check_ranges(Catalog const& catalog, std::string const& path) {
  for (auto const& tensor : catalog.tensors) {
    if (std::uint64_t{tensor.first_extent} + tensor.extent_count > catalog.extents.size()) {
      throw CorruptData(path + ": the index gives tensor '" + printable(tensor.name) + "' extents that it has not");
    }
  }
  for (auto const& extent : catalog.extents) {
    if (!extent.has_checksums()) continue;
    auto const blocks = extent.nbytes / catalog.block_bytes + (extent.nbytes % catalog.block_bytes != 0 ? 1 : 0);
    if (extent.first_block + blocks > catalog.block_hashes.size()) {
      throw CorruptData(path + ": the index has fewer checksums than its extents need");
    }
  }
}

}  // namespace

void decode_index(IndexTables const& tables, std::string const& path, Catalog& catalog) {
  catalog.tensors = decode_tensors(tables.tensors, tables.sizes, path);
  catalog.extents = decode_extents(tables.extents, catalog.tensors, tables.sizes, path);
  catalog.block_hashes.resize(tables.hashes.size() / sizeof(std::uint64_t));
  if (!tables.hashes.empty()) std::memcpy(catalog.block_hashes.data(), tables.hashes.data(), tables.hashes.size());
  check_ranges(catalog, path);
}

}  // namespace distload::hdf5
