/// The model's other files inside an HDF5 file.
#include "checkpoint/hdf5/files.hpp"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "checkpoint/catalog_message.hpp"
#include "checkpoint/hdf5/dataset.hpp"
#include "checkpoint/hdf5/dataspace.hpp"
#include "checkpoint/hdf5/file.hpp"
#include "checkpoint/hdf5/group.hpp"
#include "checkpoint/hdf5/property_list.hpp"
#include "checkpoint/hdf5/read_catalog.hpp"
#include "checkpoint/hdf5/stamp.hpp"
#include "io/engines/block_check.hpp"
#include "sample_file.hpp"

namespace distload {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A file in memory whose bytes follow from its name.
CarriedFile made(std::string name, Bytes nbytes) {
  std::vector<std::byte> bytes(nbytes);
  for (Bytes i = 0; i < nbytes; ++i) bytes[i] = static_cast<std::byte>(i * 31 + name.size());
  CarriedFile file;
  file.name = std::move(name);
  file.nbytes = nbytes;
  file.content = std::make_shared<std::vector<std::byte> const>(std::move(bytes));
  return file;
}

class Hdf5Files : public testing::Test {
 protected:
  void write(std::vector<CarriedFile> files, std::vector<hdf5::NewTensor> const& tensors = sample_tensors(),
             Bytes alignment = 4 * kKiB) const {
    std::ranges::sort(files, {}, &CarriedFile::name);
    auto metadata = sample_metadata();
    metadata.files = std::move(files);
    auto file = create_file(path_, metadata, tensors, alignment);
    fill(file);
    complete(file);
  }

  hdf5::File open() const { return hdf5::open_file(path_, hdf5::Access::write, hdf5::local_access().view()); }

  ScratchFolder folder_;
  std::string path_ = folder_.file("m.h5");
};

TEST_F(Hdf5Files, ComeBackAsTheyWere) {
  std::vector<CarriedFile> files{made("1_Pooling/config.json", 190), made("empty.model", 0), made("vocab.txt", 1),
                                 made("tokenizer.json", 3 * kMiB + 1)};
  // So many that HDF5 keeps their names in another way.
  for (int i = 0; i < 60; ++i) files.push_back(made("additional_chat_templates/" + std::to_string(i) + ".jinja", 77));
  for (Bytes const alignment : {4 * kKiB, kMiB}) {
    for (auto const& tensors : {sample_tensors(), std::vector<hdf5::NewTensor>{}}) {
      write(files, tensors, alignment);
      auto const catalog = read_hdf5_catalog(path_);
      EXPECT_THAT(catalog.warnings, IsEmpty());
      expect_sample_content(catalog, true);
      ASSERT_THAT(catalog.metadata.files, SizeIs(files.size()));
      for (auto const& file : catalog.metadata.files) {
        auto const original = std::ranges::find(files, file.name, &CarriedFile::name);
        ASSERT_NE(original, files.end()) << file.name;
        EXPECT_TRUE(*content_of(file) == *original->content) << file.name;
        EXPECT_EQ(file.hash, xxh3_64(*original->content)) << file.name;
        EXPECT_TRUE(file.by_default);
        EXPECT_EQ(file.content, nullptr);
      }
    }
  }
}

TEST_F(Hdf5Files, GoWithTheCatalogFromRankToRank) {
  write({made("1_Pooling/config.json", 190), made("vocab.txt", 0)});
  auto const catalog = deserialize_catalog(serialize(read_hdf5_catalog(path_)));
  ASSERT_THAT(catalog.metadata.files, SizeIs(2));
  EXPECT_TRUE(*content_of(catalog.metadata.files[0]) == *made("1_Pooling/config.json", 190).content);
  EXPECT_THAT(*content_of(catalog.metadata.files[1]), IsEmpty());
}

TEST_F(Hdf5Files, AreNotThereIfThereAreNone) {
  write({});
  EXPECT_FALSE(hdf5::has_link(hdf5::root_of(open().view()).view(), "files"));
  EXPECT_THAT(read_hdf5_catalog(path_).metadata.files, IsEmpty());
}

TEST_F(Hdf5Files, AreVerifiedAndDamageIsNamed) {
  write({made("tokenizer.json", 5000), made("vocab.txt", 300)});
  auto const catalog = read_hdf5_catalog(path_);
  for (auto const from : {CheckFrom::anywhere, CheckFrom::storage}) {
    auto const sound = check_blocks(catalog, 0, 1, from);
    EXPECT_THAT(sound.damage, IsEmpty());
    EXPECT_EQ(sound.verified_bytes, catalog.nbytes() + 5300);
  }
  auto const& damaged = catalog.metadata.files[1];
  auto bytes = read_bytes(path_, damaged.offset_bytes + 299, 1);
  bytes[0] ^= std::byte{1};
  write_bytes(path_, damaged.offset_bytes + 299, bytes);
  for (std::uint32_t const ranks : {1U, 3U}) {
    std::vector<DamagedBlock> damage;
    for (std::uint32_t rank = 0; rank < ranks; ++rank)
      std::ranges::copy(check_blocks(catalog, rank, ranks, CheckFrom::storage).damage, std::back_inserter(damage));
    EXPECT_THAT(damage, ElementsAre(testing::Field(&DamagedBlock::reason, HasSubstr("'vocab.txt'"))));
  }
}

TEST_F(Hdf5Files, ThatSomebodyElseHasPutInAreTakenOrNamed) {
  write({made("vocab.txt", 300)});
  {
    auto const file = open();
    auto const group = hdf5::open_group(hdf5::root_of(file.view()).view(), "files");
    auto const add = [&](char const* name, hid_t type, hdf5::Dataspace const& space,
                         hdf5::PropertyList const& creation) {
      return hdf5::create_dataset(group.view(), name, hdf5::DatatypeView(type), space.view(), creation.view());
    };
    std::vector<std::uint8_t> const bytes{1, 2, 3};
    hdf5::write_all(add("merges.txt", H5T_STD_U8LE, hdf5::make_run_space(3), hdf5::contiguous_creation()).view(),
                    bytes.data());
    add("chunked", H5T_STD_U8LE, hdf5::make_run_space(3), hdf5::chunked_creation({3}));
    add("numbers", H5T_IEEE_F32LE, hdf5::make_run_space(3), hdf5::contiguous_creation());
    hdf5::create_group(hdf5::create_group(group.view(), "deep").view(), "deeper");
    add("matrix", H5T_STD_U8LE, hdf5::make_space({3, 3}), hdf5::contiguous_creation());
  }
  auto const catalog = read_hdf5_catalog(path_);
  ASSERT_THAT(catalog.metadata.files, SizeIs(2));
  EXPECT_EQ(catalog.metadata.files[0].name, "merges.txt");
  EXPECT_THAT(*content_of(catalog.metadata.files[0]), ElementsAre(std::byte{1}, std::byte{2}, std::byte{3}));
  EXPECT_THAT(catalog.warnings, testing::IsSupersetOf({HasSubstr("/files/chunked"), HasSubstr("/files/numbers"),
                                                       HasSubstr("/files/deep/deeper"), HasSubstr("/files/matrix"),
                                                       HasSubstr("/files/merges.txt' has no checksum")}));
}

TEST_F(Hdf5Files, OfImpossibleNamesAreRefused) {
  for (auto const* const name : {"..", "a\nb", "config.json", "model.safetensors"}) {
    write({made("vocab.txt", 300)});
    {
      auto const file = open();
      auto const group = hdf5::open_group(hdf5::root_of(file.view()).view(), "files");
      hdf5::create_dataset(group.view(), name, hdf5::DatatypeView(H5T_STD_U8LE), hdf5::make_run_space(3).view(),
                           hdf5::contiguous_creation().view());
    }
    EXPECT_THROW(read_hdf5_catalog(path_), CorruptData) << name;
  }
}

TEST_F(Hdf5Files, LieBehindAllThatTheStampCovers) {
  // Names, so that an edit of them is noticed, but not their bytes, which have hashes of their own.
  write({made("vocab.txt", 300)});
  auto const catalog = read_hdf5_catalog(path_);
  auto const file = open();
  auto const index = hdf5::open_group(hdf5::root_of(file.view()).view(), "index");
  auto const stamp = hdf5::read_stamp(index.view());
  ASSERT_TRUE(stamp);
  EXPECT_GE(catalog.metadata.files[0].offset_bytes, stamp->metadata_bytes);
}

}  // namespace
}  // namespace distload
