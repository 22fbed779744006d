// Making and checking sample files.
#include "sample_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>

#include "base/hash.hpp"

namespace distload {
namespace {

/// An element of the type's size that is a finite small number in whichever type.
void put_element(std::byte* to, DType dtype, std::uint64_t index) {
  auto const number = static_cast<float>(index % 251) / 8.0F;
  switch (dtype) {
    case DType::f32: std::memcpy(to, &number, sizeof number); return;
    case DType::bf16: std::memcpy(to, reinterpret_cast<char const*>(&number) + 2, 2); return;
    case DType::boolean: to[0] = static_cast<std::byte>(index % 2); return;
    default: {
      auto const value = index % 31;
      std::memcpy(to, &value, size_of(dtype));
    }
  }
}

}  // namespace

std::vector<std::byte> sample_bytes(TensorInfo const& tensor, Box const& box) {
  std::vector<std::byte> bytes(volume(box) * size_of(tensor.dtype));
  auto position = box.offset;
  for (Bytes at = 0; at < bytes.size(); at += size_of(tensor.dtype)) {
    put_element(bytes.data() + at, tensor.dtype, linear_index(tensor.shape, position) + tensor.name.size());
    for (auto axis = position.size(); axis-- > 0;) {
      if (++position[axis] < box.offset[axis] + box.extent[axis]) break;
      position[axis] = box.offset[axis];
    }
  }
  return bytes;
}

std::vector<hdf5::NewTensor> sample_tensors() {
  return {
      {"b.column", DType::f32, {96, 40}, "column_parallel", 0, Dims{24, 40}},
      {"a.row", DType::bf16, {40, 96}, "row_parallel", 1, Dims{40, 32}},
      {"vocab", DType::f32, {101, 16}, "vocab_parallel", 0, Dims{26, 16}},
      {"norm", DType::f16, {96}, "replicated", -1, {}},
      {"scalar", DType::i64, {}, "replicated", -1, {}},
      {"empty", DType::f32, {0, 8}, "replicated", -1, {}},
      {"mask", DType::boolean, {5}, "replicated", -1, {}},
      {"tiny", DType::f8_e4m3, {4, 4}, "replicated", -1, {}},
      {"large", DType::f32, {3, 1024, 700}, "replicated", -1, {}},
  };
}

CheckpointMetadata sample_metadata() {
  CheckpointMetadata metadata;
  metadata.model_name = "sample";
  metadata.architecture = "SampleModel";
  metadata.model_size = 12345;
  metadata.step = 7;
  metadata.created = "2026-01-02T03:04:05Z";
  metadata.tensor_parallel = 4;
  metadata.writer = "test";
  metadata.config_json = R"({"model_type": "sample"})";
  metadata.extra = {{"loss", "0.5"}, {"note", ""}};
  std::array<std::byte, 4> const text{std::byte{'a'}, std::byte{'\n'}, std::byte{0}, std::byte{255}};
  metadata.files.resize(2);
  metadata.files[0].name = "1_Pooling/config.json";
  metadata.files[0].content = std::make_shared<std::vector<std::byte> const>();
  metadata.files[1].name = "vocab.txt";
  metadata.files[1].content = std::make_shared<std::vector<std::byte> const>(text.begin(), text.end());
  return metadata;
}

hdf5::NewFile create_file(std::string const& path, CheckpointMetadata const& metadata,
                          std::span<hdf5::NewTensor const> tensors, Bytes alignment) {
  auto file = hdf5::lay_out_file(path, metadata, tensors, alignment);
  std::ofstream(path, std::ios::binary).close();
  std::filesystem::resize_file(path, file.image.size_bytes());
  for (auto const& part : file.image.parts()) write_bytes(path, part.offset_bytes, part.bytes);
  for (auto const& carried : file.catalog.metadata.files) write_bytes(path, carried.offset_bytes, *carried.content);
  return file;
}

void complete(hdf5::NewFile const& file) {
  auto const& catalog = file.catalog;
  auto const& completion = file.completion;
  auto const write = [&path = catalog.path](hdf5::FilePatch const& patch) {
    write_bytes(path, patch.offset_bytes, patch.bytes);
  };
  write(completion.hashes(catalog.block_hashes));
  std::ranges::for_each(completion.mark(), write);
  write(completion.stamp(catalog.block_hashes));
}

void fill(hdf5::NewFile& file) {
  auto& catalog = file.catalog;
  auto const& path = catalog.path;
  for (auto const& extent : catalog.extents) {
    auto const bytes = sample_bytes(catalog.tensors[extent.tensor], extent.box);
    write_bytes(path, extent.offset_bytes, bytes);
    for (Bytes at = 0; at < bytes.size(); at += kBlockBytes) {
      auto const block = std::span(bytes).subspan(at, std::min(kBlockBytes, bytes.size() - at));
      catalog.block_hashes[extent.first_block + at / kBlockBytes] = xxh3_64(block);
    }
  }
}

hdf5::NewFile write_uncommitted(std::string const& path, std::vector<hdf5::NewTensor> const& tensors) {
  auto file = create_file(path, sample_metadata(), tensors, 4 * kKiB);
  fill(file);
  return file;
}

Catalog write_sample(std::string const& path, std::vector<hdf5::NewTensor> const& tensors) {
  auto file = write_uncommitted(path, tensors);
  complete(file);
  return std::move(file.catalog);
}

std::vector<std::byte> read_bytes(std::string const& path, Bytes offset, Bytes count) {
  std::vector<std::byte> bytes(count);
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count));
  EXPECT_TRUE(file.good()) << path << " at " << offset;
  return bytes;
}

void write_bytes(std::string const& path, Bytes offset, std::vector<std::byte> const& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(reinterpret_cast<char const*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(file.good()) << path << " at " << offset;
}

void expect_sample_content(Catalog const& catalog, bool with_checksums) {
  for (auto const& extent : catalog.extents) {
    auto const& tensor = catalog.tensors[extent.tensor];
    auto const bytes = read_bytes(catalog.files[extent.file].path, extent.offset_bytes, extent.nbytes);
    EXPECT_TRUE(bytes == sample_bytes(tensor, extent.box)) << tensor.name << " " << to_string(extent.box);
    EXPECT_EQ(extent.has_checksums(), with_checksums) << tensor.name;
    Bytes at = 0;
    for (auto const hash : catalog.hashes_of(extent)) {
      auto const size = std::min(catalog.block_bytes, extent.nbytes - at);
      EXPECT_EQ(hash, xxh3_64(std::span(bytes).subspan(at, size))) << tensor.name << " at " << at;
      at += size;
    }
  }
}

}  // namespace distload
