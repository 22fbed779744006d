/// Files of our own: written, read back through the index, and found out when they are not what they were.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "checkpoint/hdf5/attribute.hpp"
#include "checkpoint/hdf5/file.hpp"
#include "checkpoint/hdf5/format.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/property_list.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "sample_file.hpp"

namespace distload {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

template <class Exception>
void expect_refusal(std::string const& path, std::string const& words) {
  try {
    static_cast<void>(read_hdf5_catalog(path));
    ADD_FAILURE() << "was read: " << words;
  } catch (Exception const& error) {
    EXPECT_THAT(error.what(), HasSubstr(path));
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

/// Lets `edit` change the root group of the file.
template <class Edit>
void edit_root(std::string const& path, Edit const& edit) {
  auto file = hdf5::open_file(path, hdf5::Access::write, hdf5::local_access().view());
  edit(hdf5::root_of(file.view()));
  file.close();
}

TEST(OwnFile, IsReadBackThroughItsIndex) {
  ScratchFolder const folder;
  auto const written = write_sample(folder.file("m.h5"));
  auto const catalog = read_hdf5_catalog(folder.file("m.h5"));

  EXPECT_TRUE(catalog.warnings.empty());
  EXPECT_EQ(catalog.format, SourceFormat::hdf5);
  ASSERT_EQ(catalog.tensors.size(), 9U);
  EXPECT_EQ(catalog.tensors.front().name, "a.row");
  EXPECT_EQ(catalog.block_hashes, written.block_hashes);
  auto const* const row = catalog.find("a.row");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->dtype, DType::bf16);
  EXPECT_EQ(row->shape, (Shape{40, 96}));
  EXPECT_EQ(row->partition, "row_parallel");
  EXPECT_EQ(row->axis, 1);
  EXPECT_EQ(row->extent_count, 3U);
  EXPECT_EQ(catalog.find("scalar")->extent_count, 1U);
  EXPECT_EQ(catalog.find("empty")->extent_count, 0U);
  expect_sample_content(catalog, true);
}

TEST(OwnFile, KeepsTheTypeOfEveryTensor) {
  ScratchFolder const folder;
  std::vector<hdf5::NewTensor> tensors;
  for (int number = 0; number <= static_cast<int>(kLastDType); ++number) {
    auto const dtype = static_cast<DType>(number);
    tensors.push_back({std::string(name_of(dtype)), dtype, {3, 2}, "replicated", -1, {}});
  }
  complete(create_file(folder.file("m.h5"), sample_metadata(), tensors, 4 * kKiB));
  auto const catalog = read_hdf5_catalog(folder.file("m.h5"));
  ASSERT_EQ(catalog.tensors.size(), tensors.size());
  EXPECT_THAT(catalog.warnings, IsEmpty()) << "it is read through its index";
  for (auto const& tensor : catalog.tensors) {
    EXPECT_EQ(name_of(tensor.dtype), tensor.name);
    EXPECT_EQ(tensor.shape, (Shape{3, 2}));
    EXPECT_EQ(catalog.extents_of(tensor)[0].nbytes, 6 * size_of(tensor.dtype));
  }
}

TEST(OwnFile, KeepsItsMetadata) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  auto const metadata = read_hdf5_catalog(folder.file("m.h5")).metadata;
  auto const expected = sample_metadata();
  EXPECT_EQ(metadata.model_name, expected.model_name);
  EXPECT_EQ(metadata.architecture, expected.architecture);
  EXPECT_EQ(metadata.model_size, expected.model_size);
  EXPECT_EQ(metadata.step, expected.step);
  EXPECT_EQ(metadata.created, expected.created);
  EXPECT_EQ(metadata.tensor_parallel, expected.tensor_parallel);
  EXPECT_EQ(metadata.writer, expected.writer);
  EXPECT_EQ(metadata.config_json, expected.config_json);
  EXPECT_EQ(metadata.extra, expected.extra);
}

TEST(OwnFile, KeepsAConfigLargerThanAnObjectHeader) {
  ScratchFolder const folder;
  auto metadata = sample_metadata();
  metadata.config_json.assign(300'000, 'x');
  auto const tensors = sample_tensors();
  complete(create_file(folder.file("m.h5"), metadata, tensors, 4 * kKiB));
  auto const read = read_hdf5_catalog(folder.file("m.h5"));
  EXPECT_EQ(read.metadata.config_json, metadata.config_json);
  EXPECT_TRUE(read.warnings.empty());
}

TEST(OwnFile, AlignsItsTensors) {
  ScratchFolder const folder;
  auto const tensors = sample_tensors();
  auto const catalog = create_file(folder.file("m.h5"), sample_metadata(), tensors, kMiB).catalog;
  EXPECT_EQ(catalog.extents_of(*catalog.find("large"))[0].offset_bytes % kMiB, 0U);
}

TEST(OwnFile, KeepsNoTimes) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  edit_root(folder.file("m.h5"), [](hdf5::Group const& root) {
    hdf5::overwrite_number(root.view().id(), hdf5::kCommitted, 1);
    for (auto const* const name : {".", hdf5::kTensors, hdf5::kIndex}) {
      H5O_info_t info;
      ASSERT_GE(H5Oget_info_by_name2(root.view().id(), name, &info, H5O_INFO_TIME, H5P_DEFAULT), 0);
      EXPECT_EQ(info.mtime, 0) << name;
    }
  });
}

TEST(OwnFile, IsCompletedByBytesAsHdf5WouldCompleteIt) {
  ScratchFolder const folder;
  auto const path = folder.file("m.h5");
  auto const file = write_uncommitted(path, sample_tensors());
  auto const& catalog = file.catalog;
  auto const& completion = file.completion;
  auto const check = [&] {
    completion.check(path, catalog.block_hashes, [&](Bytes offset, std::span<std::byte> destination) {
      std::ranges::copy(read_bytes(path, offset, destination.size()), destination.begin());
    });
  };
  EXPECT_THROW(check(), CorruptData);
  complete(file);
  EXPECT_NO_THROW(check());
  edit_root(path, [](hdf5::Group const& root) { hdf5::overwrite_number(root.view().id(), hdf5::kCommitted, 0); });
  EXPECT_THROW(check(), CorruptData);
  edit_root(path, [](hdf5::Group const& root) { hdf5::overwrite_number(root.view().id(), hdf5::kCommitted, 1); });
  EXPECT_NO_THROW(check());
  for (auto const& part : {completion.hashes(catalog.block_hashes), completion.stamp(catalog.block_hashes)}) {
    auto damaged = part.bytes;
    damaged.front() ^= std::byte{1};
    write_bytes(path, part.offset_bytes, damaged);
    EXPECT_THROW(check(), CorruptData);
    write_bytes(path, part.offset_bytes, part.bytes);
  }
  EXPECT_NO_THROW(check());
}

TEST(OwnFile, WithoutCommitMarkIsNoCheckpoint) {
  ScratchFolder const folder;
  write_uncommitted(folder.file("m.h5"), sample_tensors());
  expect_refusal<NoValidCheckpoint>(folder.file("m.h5"), "not committed");
}

TEST(OwnFile, OfANewerVersionIsRefusedByName) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  edit_root(folder.file("m.h5"), [](hdf5::Group const& root) {
    hdf5::overwrite_number(root.view().id(), hdf5::kVersion, hdf5::kFormatVersion + 1);
  });
  expect_refusal<NoValidCheckpoint>(folder.file("m.h5"), "was written by test in format version 2");
}

TEST(OwnFile, StillOpenForWritingIsNoCheckpoint) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  auto const writer = hdf5::open_file(folder.file("m.h5"), hdf5::Access::write, hdf5::local_access().view());
  expect_refusal<NoValidCheckpoint>(folder.file("m.h5"), "is being written, or its writer died");
}

TEST(OwnFile, CutShortIsCorrupt) {
  ScratchFolder const folder;
  auto const size = write_sample(folder.file("m.h5")).files.front().size_bytes;
  for (auto const rest : {size - 1, size / 2, Bytes{100'000}, Bytes{200}, Bytes{20}}) {
    write_sample(folder.file("m.h5"));
    std::filesystem::resize_file(folder.file("m.h5"), rest);
    expect_refusal<CorruptData>(folder.file("m.h5"), "");
  }
}

TEST(OwnFile, WithFlippedSuperblockIsCorrupt) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  auto bytes = read_bytes(folder.file("m.h5"), 20, 1);
  bytes[0] ^= std::byte{0x10};
  write_bytes(folder.file("m.h5"), 20, bytes);
  expect_refusal<CorruptData>(folder.file("m.h5"), "");
}

TEST(OwnFile, WithFlippedSignatureIsNoHdf5File) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  write_bytes(folder.file("m.h5"), 1, {std::byte{'X'}});
  expect_refusal<NoValidCheckpoint>(folder.file("m.h5"), "is not an HDF5 file");
}

TEST(OwnFile, WithADamagedIndexIsCorrupt) {
  ScratchFolder const folder;
  auto const catalog = write_sample(folder.file("m.h5"));
  // The tables hold the names as plain text, the last of which lies behind all of HDF5's own structures.
  auto const size = std::filesystem::file_size(folder.file("m.h5"));
  auto const bytes = read_bytes(folder.file("m.h5"), 0, size);
  std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  auto const place = text.rfind("vocab_parallel");
  write_bytes(folder.file("m.h5"), place, {std::byte{'V'}});
  expect_refusal<CorruptData>(folder.file("m.h5"), "the index is damaged");
}

TEST(OwnFile, AnyFlippedByteOfItsStructuresIsNoticedOrHarmless) {
  ScratchFolder const folder;
  auto const path = folder.file("m.h5");
  auto tensors = sample_tensors();
  tensors.pop_back();  // the large one, which would be read many times
  auto const catalog = write_sample(path, tensors);
  Bytes first_data = catalog.files.front().size_bytes;
  for (auto const& extent : catalog.extents) first_data = std::min(first_data, extent.offset_bytes);
  auto const structures = read_bytes(path, 0, first_data);
  for (Bytes at = 0; at < first_data; at += 293) {
    write_bytes(path, at, {structures[at] ^ std::byte{0x21}});
    try {
      auto const read = read_hdf5_catalog(path);
      EXPECT_EQ(read.tensors.size(), catalog.tensors.size()) << at;
      for (auto const& extent : read.extents) {
        auto const bytes = read_bytes(path, extent.offset_bytes, extent.nbytes);
        EXPECT_TRUE(bytes == sample_bytes(read.tensors[extent.tensor], extent.box)) << at;
      }
    } catch (Error const&) {
    }
    write_bytes(path, at, {structures[at]});
  }
}

TEST(OwnFile, EditedElsewhereKeepsItsChecksums) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  edit_root(folder.file("m.h5"), [](hdf5::Group const& root) { hdf5::put_text(root.view().id(), "note", "edited"); });
  auto const catalog = read_hdf5_catalog(folder.file("m.h5"));
  ASSERT_EQ(catalog.warnings.size(), 1U);
  EXPECT_THAT(catalog.warnings[0], HasSubstr("0 of 9 tensors cannot be verified"));
  expect_sample_content(catalog, true);
}

TEST(OwnFile, WithAReplacedTensorIsWalkedAndThatTensorUnverified) {
  ScratchFolder const folder;
  write_sample(folder.file("m.h5"));
  edit_root(folder.file("m.h5"), [](hdf5::Group const& root) {
    auto const tensors = hdf5::open_group(root.view(), hdf5::kTensors);
    ASSERT_GE(H5Ldelete(tensors.view().id(), "norm", H5P_DEFAULT), 0);
    ASSERT_GE(H5Lcreate_hard(tensors.view().id(), "scalar", tensors.view().id(), "norm", H5P_DEFAULT, H5P_DEFAULT), 0);
  });
  auto const catalog = read_hdf5_catalog(folder.file("m.h5"));
  // "norm" comes first and is now the name of what was "scalar", which is left out as its second name.
  ASSERT_EQ(catalog.tensors.size(), 8U);
  EXPECT_EQ(catalog.find("norm")->dtype, DType::i64);
  EXPECT_FALSE(catalog.extents_of(*catalog.find("norm"))[0].has_checksums());
  EXPECT_TRUE(catalog.extents_of(*catalog.find("vocab"))[0].has_checksums());
  ASSERT_EQ(catalog.warnings.size(), 2U);
  EXPECT_THAT(catalog.warnings[0], HasSubstr("'scalar' is another name of 'norm'"));
  EXPECT_THAT(catalog.warnings[1], HasSubstr("1 of 8 tensors cannot be verified"));
}

TEST(NoFile, IsNoCheckpoint) {
  ScratchFolder const folder;
  expect_refusal<NoValidCheckpoint>(folder.file("absent.h5"), "no such file");
  expect_refusal<NoValidCheckpoint>(folder.file(""), "is no file");
}

}  // namespace
}  // namespace distload
