// Creates datasets, attributes and index of a new file.
#include "checkpoint/hdf5/lay_out_file.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "checkpoint/add_blocks.hpp"
#include "checkpoint/hdf5/attribute.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/element_type.hpp"
#include "checkpoint/hdf5/extents.hpp"
#include "checkpoint/hdf5/file.hpp"
#include "checkpoint/hdf5/files.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/index.hpp"
#include "checkpoint/hdf5/metadata_attributes.hpp"
#include "checkpoint/hdf5/property_list.hpp"
#include "checkpoint/hdf5/stamp.hpp"

namespace distload::hdf5 {
namespace {

/// Space for all HDF5 structures in one block before the data: they are read at once, and the stamp covers them.
/// Measured: 286 bytes per tensor plus about twice its name; the rest is reserve.
Bytes metadata_block_bytes(CheckpointMetadata const& metadata, std::span<NewTensor const> tensors) {
  constexpr Bytes kPerTensor = 512;
  Bytes bytes = 64 * kKiB + 2 * metadata.config_json.size();
  for (auto const& [name, text] : metadata.extra) bytes += 128 + name.size() + text.size();
  for (auto const& tensor : tensors) bytes += kPerTensor + 4 * tensor.name.size();
  for (auto const& carried : metadata.files) bytes += kPerTensor + 4 * carried.name.size();
  return bytes;
}

void put_root_attributes(GroupView root, CheckpointMetadata const& metadata) {
  put_text(root.id(), kFormat, kFormatName);
  put_number(root.id(), kVersion, kFormatVersion);
  put_number(root.id(), kCommitted, 0);
  put_number(root.id(), kBlockSize, kBlockBytes);
  put_metadata(root, metadata);
}

std::vector<Extent> create_tensor(GroupView group, NewTensor const& tensor, std::string const& path) {
  auto const creation = tensor.chunk ? chunked_creation(*tensor.chunk) : contiguous_creation();
  auto const dataset = create_dataset(group, tensor.name, make_element_type(tensor.dtype).view(),
                                      make_space(tensor.shape).view(), creation.view());
  auto const id = dataset.view().id();
  put_text(id, kDType, name_of(tensor.dtype));
  put_text(id, kPartition, tensor.partition);
  put_signed(id, kAxis, tensor.axis);
  return extents_of(dataset.view(), tensor.dtype, tensor.shape, path + ": tensor '" + printable(tensor.name) + "'");
}

void add_tensor(Catalog& catalog, NewTensor const& tensor, std::vector<Extent> const& extents) {
  TensorInfo info;
  info.name = tensor.name;
  info.dtype = tensor.dtype;
  info.shape = tensor.shape;
  info.first_extent = static_cast<std::uint32_t>(catalog.extents.size());
  info.extent_count = static_cast<std::uint32_t>(extents.size());
  info.partition = tensor.partition;
  info.axis = tensor.axis;
  for (auto extent : extents) {
    extent.tensor = static_cast<std::uint32_t>(catalog.tensors.size());
    add_blocks(catalog, extent);
    catalog.extents.push_back(extent);
  }
  catalog.tensors.push_back(std::move(info));
}

std::vector<NewTensor> sorted_by_name(std::span<NewTensor const> tensors) {
  std::vector<NewTensor> sorted(tensors.begin(), tensors.end());
  std::sort(sorted.begin(), sorted.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
  return sorted;
}

}  // namespace

NewFile lay_out_file(std::string const& path, CheckpointMetadata const& metadata, std::span<NewTensor const> tensors,
                     Bytes alignment) {
  FilePlacement const placement{alignment, metadata_block_bytes(metadata, tensors)};
  FileImage image;
  auto file = create_file(path, file_creation().view(), image_access(image, placement).view());
  Catalog catalog;
  catalog.format = SourceFormat::hdf5;
  catalog.path = path;
  catalog.metadata = metadata;
  {
    auto const root = root_of(file.view());
    put_root_attributes(root.view(), metadata);
    auto const group = create_group(root.view(), kTensors);
    for (auto const& tensor : sorted_by_name(tensors)) {
      add_tensor(catalog, tensor, create_tensor(group.view(), tensor, path));
    }
    create_files(root.view(), path, catalog.metadata.files);
    auto const index = create_group(root.view(), kIndex);
    create_index(index.view(), catalog);
    create_stamp(index.view());
  }
  file.close(path);
  catalog.files.push_back({path, image.size_bytes()});
  FileCompletion completion(image, catalog);
  return {std::move(catalog), std::move(image), std::move(completion)};
}

}  // namespace distload::hdf5
