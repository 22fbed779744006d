// Computes the bytes that differ between a file with and without a commit mark.
#include "checkpoint/hdf5/completion.hpp"

#include <algorithm>
#include <limits>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "checkpoint/hdf5/attribute.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/file.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/index.hpp"
#include "checkpoint/hdf5/property_list.hpp"
#include "checkpoint/hdf5/stamp.hpp"

namespace distload::hdf5 {
namespace {

std::vector<std::byte> head_of(FileImage const& image, Bytes nbytes) {
  std::vector<std::byte> bytes(nbytes);
  image.read(0, bytes);
  return bytes;
}

/// The ranges in which `changed` differs from `original`, with the bytes of `changed`.
std::vector<FilePatch> difference(std::span<std::byte const> original, std::span<std::byte const> changed) {
  std::vector<FilePatch> patches;
  auto at = original.begin();
  while (true) {
    auto const [begin, same_begin] = std::mismatch(at, original.end(), changed.begin() + (at - original.begin()));
    if (begin == original.end()) return patches;
    at = begin;
    auto there = same_begin;
    while (at != original.end() && *at != *there) {
      ++at;
      ++there;
    }
    patches.push_back({static_cast<Bytes>(begin - original.begin()), {same_begin, there}});
  }
}

void set_mark(FileImage& image, std::string const& path) {
  auto file = open_file(path, Access::write, image_access(image).view());
  overwrite_number(root_of(file.view()).view().id(), kCommitted, 1);
  file.close(path);
}

std::vector<std::byte> bytes_of_hashes(std::span<std::uint64_t const> hashes) {
  auto const bytes = std::as_bytes(hashes);
  return {bytes.begin(), bytes.end()};
}

/// Offset of the first byte of data in the file; HDF5's own structures lie before it.
Bytes first_data_offset(GroupView index, Catalog const& catalog) {
  Bytes first = std::numeric_limits<Bytes>::max();
  for (auto const& extent : catalog.extents) first = std::min(first, extent.offset_bytes);
  for (auto const& carried : catalog.metadata.files) {
    if (carried.nbytes > 0) first = std::min(first, carried.offset_bytes);
  }
  for (auto const* const table : {kTensorTable, kExtentTable, kHashTable, kStamp}) {
    first = std::min(first, offset_of(open_dataset(index, table).view()).value_or(first));
  }
  return first;
}

}  // namespace

FileCompletion::FileCompletion(FileImage const& image, Catalog const& catalog) : file_bytes_(image.size_bytes()) {
  auto marked = image;
  Bytes metadata_bytes = 0;
  {
    auto file = open_file(catalog.path, Access::read, image_access(marked).view());
    {
      auto const index = open_group(root_of(file.view()).view(), kIndex);
      auto const offset = [&](char const* table) {
        return offset_of(open_dataset(index.view(), table).view()).value_or(0);
      };
      auto tables = read_index(index.view(), catalog.path);
      tensors_ = {offset(kTensorTable), std::move(tables.tensors)};
      extents_ = {offset(kExtentTable), std::move(tables.extents)};
      hashes_offset_ = offset(kHashTable);
      stamp_offset_ = offset(kStamp);
      metadata_bytes = first_data_offset(index.view(), catalog);
    }
    file.close(catalog.path);
  }
  // HDF5 has checksums of its structures, so that the changed bytes are computed by HDF5 itself.
  set_mark(marked, catalog.path);
  metadata_ = head_of(marked, metadata_bytes);
  mark_ = difference(head_of(image, metadata_bytes), metadata_);
}

FilePatch FileCompletion::hashes(std::span<std::uint64_t const> block_hashes) const {
  return {hashes_offset_, bytes_of_hashes(block_hashes)};
}

FilePatch FileCompletion::stamp(std::span<std::uint64_t const> block_hashes) const {
  StreamHash index;
  index.update(tensors_.bytes);
  index.update(extents_.bytes);
  index.update(std::as_bytes(block_hashes));
  Stamp const stamp{file_bytes_, metadata_.size(), xxh3_64(metadata_), index.digest()};
  auto const bytes = std::as_bytes(std::span(&stamp, 1));
  return {stamp_offset_, {bytes.begin(), bytes.end()}};
}

void FileCompletion::check(std::string const& path, std::span<std::uint64_t const> block_hashes,
                           ReadAt const& read_at) const {
  auto const check_part = [&](char const* what, Bytes offset, std::span<std::byte const> expected) {
    std::vector<std::byte> found(expected.size());
    read_at(offset, found);
    if (std::ranges::equal(found, expected)) return;
    throw CorruptData(path + ": " + what + " is not on storage what was written");
  };
  check_part("HDF5's metadata", 0, metadata_);
  check_part("the table of tensors", tensors_.offset_bytes, tensors_.bytes);
  check_part("the table of extents", extents_.offset_bytes, extents_.bytes);
  auto const hash_rows = hashes(block_hashes);
  check_part("the table of checksums", hash_rows.offset_bytes, hash_rows.bytes);
  auto const stamp_row = stamp(block_hashes);
  check_part("the stamp", stamp_row.offset_bytes, stamp_row.bytes);
}

}  // namespace distload::hdf5
