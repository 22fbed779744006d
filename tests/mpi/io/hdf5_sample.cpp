// HDF5 files of random tensors.
#include "mpi/io/hdf5_sample.hpp"

#include <algorithm>
#include <random>

#include "base/hash.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/element_type.hpp"
#include "checkpoint/hdf5/file.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/property_list.hpp"
#include "tensor/strided_copy.hpp"

namespace distload::testing {
namespace {

/// Bytes per checksum; small, so that extents of several blocks are quick.
constexpr Bytes kSampleBlockBytes = 1024;

hdf5::Group open_group(hdf5::FileView file, std::string const& name) {
  auto root = hdf5::root_of(file);
  return name.empty() ? std::move(root) : hdf5::open_group(root.view(), name);
}

}  // namespace

Hdf5Sample::Hdf5Sample(std::string path, std::string group) : group_(std::move(group)) {
  catalog_.format = SourceFormat::hdf5;
  catalog_.files = {{std::move(path), 0}};
  catalog_.block_bytes = kSampleBlockBytes;
}

void Hdf5Sample::add(std::string name, DType dtype, Shape shape, Shape chunk) {
  auto const number = static_cast<std::uint32_t>(catalog_.tensors.size());
  std::mt19937_64 random(number);
  auto& content = contents_.emplace_back(volume(shape) * size_of(dtype));
  for (auto& byte : content) byte = static_cast<std::byte>(random() >> 56U);
  catalog_.tensors.push_back(
      {std::move(name), dtype, shape, static_cast<std::uint32_t>(catalog_.extents.size()), 0, "", -1});
  chunks_.push_back(chunk);
  if (chunk.empty()) return add_extent(whole(shape));
  std::uint64_t chunks = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) chunks *= (shape[axis] + chunk[axis] - 1) / chunk[axis];
  for (std::uint64_t index = 0; index < chunks; ++index) {
    Box box = whole(chunk);
    auto rest = index;
    for (auto axis = shape.size(); axis-- > 0;) {
      auto const count = (shape[axis] + chunk[axis] - 1) / chunk[axis];
      box.offset[axis] = rest % count * chunk[axis];
      box.extent[axis] = std::min(chunk[axis], shape[axis] - box.offset[axis]);
      rest /= count;
    }
    add_extent(box);
  }
}

void Hdf5Sample::add_extent(Box const& box) {
  auto& tensor = catalog_.tensors.back();
  ++tensor.extent_count;
  catalog_.extents.push_back({static_cast<std::uint32_t>(catalog_.tensors.size() - 1), 0, 0,
                              volume(box) * size_of(tensor.dtype), box,
                              static_cast<std::uint32_t>(catalog_.block_hashes.size())});
  auto const bytes = bytes_of(static_cast<std::uint32_t>(catalog_.extents.size() - 1));
  for (Bytes begin = 0; begin < bytes.size(); begin += kSampleBlockBytes)
    catalog_.block_hashes.push_back(
        xxh3_64(std::span(bytes).subspan(begin, std::min<Bytes>(kSampleBlockBytes, bytes.size() - begin))));
}

void Hdf5Sample::write() const {
  auto const file = hdf5::create_file(catalog_.files.front().path, hdf5::file_creation().view(),
                                      hdf5::local_access(hdf5::FilePlacement{}).view());
  if (!group_.empty()) hdf5::create_group(hdf5::root_of(file.view()).view(), group_);
  auto const group = open_group(file.view(), group_);
  for (std::size_t i = 0; i < contents_.size(); ++i) {
    auto const& tensor = catalog_.tensors[i];
    auto const creation = chunks_[i].empty() ? hdf5::contiguous_creation() : hdf5::chunked_creation(chunks_[i]);
    auto const dataset = hdf5::create_dataset(group.view(), tensor.name, hdf5::make_element_type(tensor.dtype).view(),
                                              hdf5::make_space(tensor.shape).view(), creation.view());
    hdf5::write_all(dataset.view(), contents_[i].data());
  }
}

void Hdf5Sample::damage(std::uint32_t tensor) const {
  auto const file = hdf5::open_file(catalog_.files.front().path, hdf5::Access::write, hdf5::local_access().view());
  auto const dataset = hdf5::open_dataset(open_group(file.view(), group_).view(), catalog_.tensors[tensor].name);
  auto damaged = contents_[tensor];
  damaged.front() = ~damaged.front();
  hdf5::write_all(dataset.view(), damaged.data());
}

std::vector<std::byte> Hdf5Sample::bytes_of(std::uint32_t extent) const {
  auto const& at = catalog_.extents[extent];
  auto const& tensor = catalog_.tensors[at.tensor];
  std::vector<std::byte> bytes(at.nbytes);
  auto const origin = Dims::filled(at.box.extent.size(), 0);
  auto const copy =
      make_strided_copy({tensor.shape, at.box.offset}, {at.box.extent, origin}, at.box.extent, size_of(tensor.dtype));
  copy_on_host(copy, contents_[at.tensor].data(), bytes.data());
  return bytes;
}

}  // namespace distload::testing
