// Blocks of extents in files, dealt out to ranks and hashed.
#include "verify/hash_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include <distload/base/error.hpp>

#include "base/hash.hpp"
#include "checkpoint/add_blocks.hpp"
#include "support/scratch_folder.hpp"

namespace distload {
namespace {

using testing::ElementsAre;

/// Two files: one with two tensors that lie in the file's other order, and a gap; one with a tensor of many blocks.
class HashFiles : public testing::Test {
 protected:
  HashFiles() {
    catalog_.block_bytes = 4096;
    add_file("a", 30'000);
    add_file("b", 200'000);
    add_tensor("first", 0, 20'000, 9'000);
    add_tensor("second", 0, 100, 10'001);
    add_tensor("third", 1, 7, 190'000);
    add_tensor("nothing", 1, 7, 0);
  }

  void add_file(std::string const& name, Bytes size) {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 + i / 251 + contents_.size());
    std::ofstream(folder_.file(name), std::ios::binary) << content;
    catalog_.files.push_back({folder_.file(name), size});
    contents_.push_back(std::move(content));
  }

  void add_tensor(std::string const& name, std::uint32_t file, Bytes offset, Bytes nbytes) {
    auto const number = static_cast<std::uint32_t>(catalog_.tensors.size());
    Shape const shape{nbytes};
    catalog_.extents.push_back({number, file, offset, nbytes, whole(shape), kNoBlocks});
    add_blocks(catalog_, catalog_.extents.back());
    catalog_.tensors.push_back({name, DType::u8, shape, number, 1, "", -1});
  }

  std::vector<std::uint64_t> expected() const {
    std::vector<std::uint64_t> hashes;
    for (auto const& extent : catalog_.extents) {
      for (Bytes begin = 0; begin < extent.nbytes; begin += catalog_.block_bytes) {
        auto const block =
            std::string_view(contents_[extent.file])
                .substr(extent.offset_bytes + begin, std::min(catalog_.block_bytes, extent.nbytes - begin));
        hashes.push_back(xxh3_64(std::as_bytes(std::span(block))));
      }
    }
    return hashes;
  }

  ScratchFolder folder_;
  Catalog catalog_;
  std::vector<std::string> contents_;
};

TEST_F(HashFiles, GivesEveryBlockOnOneRank) {
  for (bool const whole_files : {false, true}) {
    for (std::uint32_t const ranks : {1U, 2U, 5U}) {
      std::vector<std::uint64_t> sum(catalog_.block_hashes.size());
      std::vector<std::string> sums(catalog_.files.size());
      for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        std::vector<std::uint64_t> mine(sum.size());
        std::vector<std::string> my_sums(sums.size());
        run_hash_tasks(catalog_, hash_tasks(catalog_, whole_files, rank, ranks), 3, mine, my_sums);
        for (std::size_t i = 0; i < sum.size(); ++i) {
          EXPECT_TRUE(sum[i] == 0 || mine[i] == 0) << "block " << i << " was hashed twice";
          sum[i] += mine[i];
        }
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += my_sums[i];
      }
      EXPECT_EQ(sum, expected()) << ranks;
      for (std::size_t i = 0; i < sums.size(); ++i)
        EXPECT_EQ(sums[i], whole_files ? sha256_of_file(catalog_.files[i].path) : "");
    }
  }
}

TEST_F(HashFiles, NoticesAFileThatEndsEarly) {
  std::filesystem::resize_file(catalog_.files[1].path, 100'000);
  std::vector<std::string> sums(2);
  for (bool const whole_files : {false, true}) {
    EXPECT_THROW(run_hash_tasks(catalog_, hash_tasks(catalog_, whole_files, 0, 1), 2, catalog_.block_hashes, sums),
                 CorruptData);
  }
}

TEST(DealOut, GivesTheLargestFirst) {
  std::vector<Bytes> const sizes{1, 10, 4, 5};
  EXPECT_THAT(deal_out(sizes, 2), ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(deal_out(sizes, 1), ElementsAre(0, 0, 0, 0));
}

TEST(Sha256, IsTheOneOfTheStandard) {
  ScratchFolder const folder;
  std::ofstream(folder.file("abc")) << "abc";
  EXPECT_EQ(sha256_of_file(folder.file("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  std::ofstream(folder.file("empty")) << "";
  EXPECT_EQ(sha256_of_file(folder.file("empty")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace distload
