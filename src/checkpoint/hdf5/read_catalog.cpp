// Builds the catalog of an HDF5 file: from the index if it belongs to the file, otherwise from all datasets.
#include "checkpoint/hdf5/read_catalog.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include <distload/base/error.hpp>

#include "checkpoint/hdf5/attribute.hpp"
#include "checkpoint/hdf5/file.hpp"
#include "checkpoint/hdf5/files.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/index.hpp"
#include "checkpoint/hdf5/metadata_attributes.hpp"
#include "checkpoint/hdf5/property_list.hpp"
#include "checkpoint/hdf5/stamp.hpp"
#include "checkpoint/hdf5/superblock.hpp"
#include "checkpoint/hdf5/walk.hpp"
#include "checkpoint/packed_shape.hpp"
#include "checkpoint/validate_catalog.hpp"

namespace distload {
namespace hdf5 {
namespace {

std::uint64_t count_elements(Catalog const& catalog) {
  std::uint64_t count = 0;
  for (auto const& tensor : catalog.tensors) count += count_numbers(tensor.dtype, tensor.shape);
  return count;
}

void read_foreign(GroupView root, Catalog& catalog) {
  walk(root, NonTensors::skip, catalog);
  if (catalog.tensors.empty()) throw NoValidCheckpoint(catalog.path + ": an HDF5 file without a single tensor");
  catalog.metadata.model_name = std::filesystem::path(catalog.path).stem();
  catalog.metadata.model_size = count_elements(catalog);
}

void check_version(GroupView root, std::string const& path) {
  auto const version = get_number(root.id(), kVersion);
  if (!version) throw CorruptData(path + ": the attribute 'format_version' is missing");
  if (*version > kFormatVersion) {
    throw NoValidCheckpoint(path + " was written by " + get_text(root.id(), kWriter).value_or("a newer distload") +
                            " in format version " + std::to_string(*version) + "; this distload reads up to version " +
                            std::to_string(kFormatVersion));
  }
  if (get_number(root.id(), kCommitted) != 1) {
    throw NoValidCheckpoint(path + " is not committed: its writer did not finish");
  }
}

bool are_stored_alike(Catalog const& a, TensorInfo const& in_a, Catalog const& b, TensorInfo const& in_b) {
  if (in_a.dtype != in_b.dtype || !(in_a.shape == in_b.shape) || in_a.extent_count != in_b.extent_count) return false;
  auto const other = b.extents_of(in_b);
  std::size_t i = 0;
  for (auto const& extent : a.extents_of(in_a)) {
    auto const& again = other[i++];
    if (extent.offset_bytes != again.offset_bytes || extent.nbytes != again.nbytes || !(extent.box == again.box))
      return false;
  }
  return true;
}

/// Copies checksums of the old index to tensors at unchanged positions; returns how many tensors got none.
std::size_t keep_checksums(Catalog const& old, Catalog& catalog) {
  std::size_t unverified = 0;
  for (auto const& tensor : catalog.tensors) {
    auto const* const before = old.find(tensor.name);
    if (before == nullptr || !are_stored_alike(old, *before, catalog, tensor)) {
      ++unverified;
      continue;
    }
    for (std::uint32_t i = 0; i < tensor.extent_count; ++i) {
      auto& extent = catalog.extents[tensor.first_extent + i];
      auto const hashes = old.hashes_of(old.extents[before->first_extent + i]);
      if (hashes.empty()) continue;
      extent.first_block = static_cast<std::uint32_t>(catalog.block_hashes.size());
      catalog.block_hashes.insert(catalog.block_hashes.end(), hashes.begin(), hashes.end());
    }
  }
  return unverified;
}

/// The catalog of the index; nothing if the file was changed so much that it has no readable index.
std::optional<Catalog> read_by_index(GroupView root, PlainFile& bytes, Catalog const& catalog, bool& belongs) {
  if (!has_link(root, kIndex)) return std::nullopt;
  auto const index = open_group(root, kIndex);
  auto const stamp = read_stamp(index.view());
  if (!stamp) return std::nullopt;
  for (auto const* const table : {kTensorTable, kExtentTable, kHashTable}) {
    if (!has_link(index.view(), table)) return std::nullopt;
  }
  auto const tables = read_index(index.view(), catalog.path);
  if (tables.digest() != stamp->index_hash) throw CorruptData(catalog.path + ": the index is damaged");
  belongs = belongs_to_file(*stamp, bytes);
  Catalog indexed = catalog;
  decode_index(tables, catalog.path, indexed);
  return indexed;
}

void read_own(GroupView root, PlainFile& bytes, Catalog& catalog) {
  check_version(root, catalog.path);
  catalog.metadata = get_metadata(root);
  read_files(root, catalog);
  catalog.block_bytes = get_number(root.id(), kBlockSize).value_or(0);
  if (catalog.block_bytes == 0) throw CorruptData(catalog.path + ": the attribute 'block_bytes' is missing or zero");
  bool belongs = false;
  auto indexed = read_by_index(root, bytes, catalog, belongs);
  if (indexed && belongs) {
    catalog = std::move(*indexed);
    return;
  }
  walk(open_group(root, kTensors).view(), NonTensors::refuse, catalog);
  auto const unverified = indexed ? keep_checksums(*indexed, catalog) : catalog.tensors.size();
  catalog.warnings.push_back(catalog.path + " has been changed since distload wrote it: its index was rebuilt, and " +
                             std::to_string(unverified) + " of " + std::to_string(catalog.tensors.size()) +
                             " tensors cannot be verified");
}

Catalog read_file(std::string const& path) {
  Catalog catalog;
  catalog.format = SourceFormat::hdf5;
  catalog.path = path;
  auto bytes = check_superblock(path);
  catalog.files.push_back(bytes.source);
  auto const file = open_file(path, Access::read, local_access().view());
  if (user_block_bytes(file.view()) != 0) {
    throw NoValidCheckpoint(path + " has a user block, behind which offsets are not reliable; `h5unjam` removes it");
  }
  auto const root = root_of(file.view());
  if (get_text(root.view().id(), kFormat) == kFormatName) {
    read_own(root.view(), bytes, catalog);
  } else {
    read_foreign(root.view(), catalog);
  }
  validate(catalog);
  return catalog;
}

bool is_edited(std::string const& path) {
  auto bytes = check_superblock(path);
  auto const file = open_file(path, Access::read, local_access().view());
  auto const root = root_of(file.view());
  if (get_text(root.view().id(), kFormat) != kFormatName) return false;
  if (!has_link(root.view(), kIndex)) return true;
  auto const stamp = read_stamp(open_group(root.view(), kIndex).view());
  return !stamp || !belongs_to_file(*stamp, bytes);
}

}  // namespace
}  // namespace hdf5

Catalog read_hdf5_catalog(std::string const& path) {
  try {
    return hdf5::read_file(path);
  } catch (hdf5::Hdf5Error const& error) {
    if (error.storage_failed()) throw;
    throw CorruptData(error.what());
  }
}

bool was_edited(std::string const& path) {
  try {
    return hdf5::is_edited(path);
  } catch (Error const&) {
    return false;
  }
}

}  // namespace distload
