/// Files that somebody else wrote, made here with the C API: found by walking, refused with a reason where they cannot
/// be read in place.
#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <distload/base/error.hpp>

#include "checkpoint/hdf5/read_catalog.hpp"
#include "sample_file.hpp"

namespace distload {
namespace {

using testing::HasSubstr;

hid_t make_foreign(std::string const& path) { return H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT); }

/// A dataset of sample bytes, stored as `creation` says.
void put(hid_t parent, char const* name, TensorInfo const& tensor, hid_t type, hid_t creation = H5P_DEFAULT) {
  std::vector<hsize_t> const sizes(tensor.shape.begin(), tensor.shape.end());
  auto const space = H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr);
  auto const dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ASSERT_GE(dataset, 0);
  auto const bytes = sample_bytes(tensor, whole(tensor.shape));
  ASSERT_GE(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), 0);
  H5Dclose(dataset);
  H5Sclose(space);
}

TensorInfo tensor_of(std::string name, DType dtype, Shape const& shape) {
  TensorInfo tensor;
  tensor.name = std::move(name);
  tensor.dtype = dtype;
  tensor.shape = shape;
  return tensor;
}

hid_t chunked(std::vector<hsize_t> const& sizes) {
  auto const list = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(list, static_cast<int>(sizes.size()), sizes.data());
  return list;
}

void expect_refusal(std::function<void(hid_t)> const& fill, std::vector<std::string> const& words) {
  ScratchFolder const folder;
  auto const path = folder.file("foreign.h5");
  auto const file = make_foreign(path);
  fill(file);
  H5Fclose(file);
  try {
    static_cast<void>(read_hdf5_catalog(path));
    ADD_FAILURE() << "was read: " << words.back();
  } catch (NoValidCheckpoint const& error) {
    EXPECT_THAT(error.what(), HasSubstr(path));
    for (auto const& word : words) EXPECT_THAT(error.what(), HasSubstr(word));
  }
}

TEST(ForeignFile, IsWalkedThroughAllGroups) {
  ScratchFolder const folder;
  auto const path = folder.file("foreign.h5");
  auto const file = make_foreign(path);
  auto const group = H5Gcreate2(file, "layer", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  put(file, "layers", tensor_of("layers", DType::f32, {4, 6}), H5T_IEEE_F32LE);
  put(group, "weight", tensor_of("layer.weight", DType::f64, {30, 20}), H5T_IEEE_F64LE);
  put(group, "edges", tensor_of("layer.edges", DType::i32, {10, 7}), H5T_STD_I32LE, chunked({4, 3}));
  H5Gclose(group);
  H5Fclose(file);

  auto const catalog = read_hdf5_catalog(path);
  ASSERT_EQ(catalog.tensors.size(), 3U);
  EXPECT_EQ(catalog.tensors[0].name, "layer.edges");
  EXPECT_EQ(catalog.tensors[1].name, "layer.weight");
  EXPECT_EQ(catalog.tensors[2].name, "layers");
  EXPECT_EQ(catalog.metadata.model_name, "foreign");
  EXPECT_EQ(catalog.metadata.model_size, 24U + 600U + 70U);
  EXPECT_TRUE(catalog.warnings.empty());
  // Three columns of chunks of which the last one holds one column: its ten rows are ten extents.
  EXPECT_EQ(catalog.tensors[0].extent_count, 6U + 10U);
  expect_sample_content(catalog, false);
}

TEST(ForeignFile, WithCyclesAndSecondNamesIsWalkedOnce) {
  ScratchFolder const folder;
  auto const path = folder.file("foreign.h5");
  auto const file = make_foreign(path);
  auto const group = H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  put(group, "x", tensor_of("group.x", DType::f32, {4}), H5T_IEEE_F32LE);
  ASSERT_GE(H5Lcreate_hard(file, "/", group, "root", H5P_DEFAULT, H5P_DEFAULT), 0);
  ASSERT_GE(H5Lcreate_hard(file, "/group", group, "self", H5P_DEFAULT, H5P_DEFAULT), 0);
  ASSERT_GE(H5Lcreate_hard(group, "x", file, "tied", H5P_DEFAULT, H5P_DEFAULT), 0);
  ASSERT_GE(H5Lcreate_soft("/nowhere", file, "soft", H5P_DEFAULT, H5P_DEFAULT), 0);
  ASSERT_GE(H5Lcreate_external("other.h5", "/x", file, "external", H5P_DEFAULT, H5P_DEFAULT), 0);
  H5Gclose(group);
  H5Fclose(file);

  auto const catalog = read_hdf5_catalog(path);
  ASSERT_EQ(catalog.tensors.size(), 1U);
  EXPECT_EQ(catalog.tensors[0].name, "group.x");
  ASSERT_EQ(catalog.warnings.size(), 3U);
  EXPECT_THAT(catalog.warnings[0], HasSubstr("'external' is a link to elsewhere"));
  EXPECT_THAT(catalog.warnings[1], HasSubstr("'soft' is a link to elsewhere"));
  EXPECT_THAT(catalog.warnings[2], HasSubstr("'tied' is another name of 'group.x'"));
}

TEST(ForeignFile, MayHoldOtherThings) {
  ScratchFolder const folder;
  auto const path = folder.file("foreign.h5");
  auto const file = make_foreign(path);
  put(file, "x", tensor_of("x", DType::f32, {4}), H5T_IEEE_F32LE);
  auto const scalar = H5Screate(H5S_SCALAR);
  H5Dclose(H5Dcreate2(file, "text", H5T_C_S1, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  auto const null = H5Screate(H5S_NULL);
  H5Dclose(H5Dcreate2(file, "void", H5T_IEEE_F32LE, null, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Sclose(null);
  H5Sclose(scalar);
  H5Fclose(file);

  auto const catalog = read_hdf5_catalog(path);
  ASSERT_EQ(catalog.tensors.size(), 1U);
  EXPECT_THAT(catalog.warnings[0], HasSubstr("'text' has elements that distload cannot load: text"));
  EXPECT_THAT(catalog.warnings[1], HasSubstr("'void' has no shape"));
}

TEST(ForeignFile, WithoutTensorsIsNoCheckpoint) {
  expect_refusal([](hid_t) {}, {"without a single tensor"});
}

TEST(ForeignFile, ThatIsCompressedIsRefusedWithTheRemedy) {
  expect_refusal(
      [](hid_t file) {
        auto const list = chunked({8});
        H5Pset_deflate(list, 4);
        put(file, "packed", tensor_of("packed", DType::f32, {64}), H5T_IEEE_F32LE, list);
      },
      {"tensor 'packed'", "is compressed", "h5repack"});
}

TEST(ForeignFile, WithBytesElsewhereIsRefused) {
  expect_refusal(
      [](hid_t file) {
        auto const list = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_layout(list, H5D_COMPACT);
        put(file, "compact", tensor_of("compact", DType::f32, {4}), H5T_IEEE_F32LE, list);
      },
      {"tensor 'compact'", "compact layout", "h5repack"});
  expect_refusal(
      [](hid_t file) {
        hsize_t const size = 4;
        auto const space = H5Screate_simple(1, &size, nullptr);
        auto const list = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_external(list, "bytes.bin", 0, 16);
        H5Dclose(H5Dcreate2(file, "external", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
      },
      {"tensor 'external'", "in other files"});
  expect_refusal(
      [](hid_t file) {
        put(file, "source", tensor_of("source", DType::f32, {4}), H5T_IEEE_F32LE);
        hsize_t const size = 4;
        auto const space = H5Screate_simple(1, &size, nullptr);
        auto const list = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_virtual(list, space, ".", "/source", space);
        H5Dclose(H5Dcreate2(file, "virtual", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
      },
      {"tensor 'virtual'", "virtual layout"});
}

TEST(ForeignFile, ThatWasNeverWrittenIsRefused) {
  auto const create = [](hid_t file, hid_t list) {
    hsize_t const size = 64;
    auto const space = H5Screate_simple(1, &size, nullptr);
    H5Dclose(H5Dcreate2(file, "hole", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
  };
  expect_refusal([&](hid_t file) { create(file, H5P_DEFAULT); }, {"tensor 'hole'", "was never written"});
  expect_refusal([&](hid_t file) { create(file, chunked({8})); }, {"tensor 'hole'", "chunks that were never written"});
}

TEST(ForeignFile, WithUnsupportedNumbersIsRefused) {
  expect_refusal([](hid_t file) { put(file, "big", tensor_of("big", DType::f32, {4}), H5T_IEEE_F32BE); },
                 {"tensor 'big'", "big-endian"});
  expect_refusal(
      [](hid_t file) {
        std::vector<hsize_t> const sizes(9, 2);
        auto const space = H5Screate_simple(9, sizes.data(), nullptr);
        H5Dclose(H5Dcreate2(file, "nine", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
      },
      {"tensor 'nine'", "more than 8 axes"});
}

TEST(ForeignFile, WithAUserBlockIsRefused) {
  ScratchFolder const folder;
  auto const path = folder.file("foreign.h5");
  auto const creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(creation, 1024);
  H5Fclose(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT));
  EXPECT_THROW(static_cast<void>(read_hdf5_catalog(path)), NoValidCheckpoint);
}

TEST(ForeignFile, OfGroupsWithoutEndIsRefused) {
  expect_refusal(
      [](hid_t file) {
        auto parent = H5Gopen2(file, "/", H5P_DEFAULT);
        for (int depth = 0; depth < 100; ++depth) {
          auto const child = H5Gcreate2(parent, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
          H5Gclose(parent);
          parent = child;
        }
        H5Gclose(parent);
      },
      {"nested more than 64 deep"});
}

}  // namespace
}  // namespace distload
