/// Ranks that see equal and other files, as if each were on a host of its own.
#include "io/files/same_content.hpp"

#include <chrono>
#include <fstream>
#include <future>
#include <numeric>
#include <thread>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "io/files/content_sample.hpp"
#include "parallel/mpi_communicator.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

constexpr Bytes kHeaderBytes = 1000;
constexpr Bytes kTensorBytes = 100'000;
constexpr Bytes kTailBytes = 50;

/// A file of two tensors behind a header, in a folder of this rank's own.
class SameContent : public ::testing::Test {
 protected:
  SameContent() {
    catalog.files = {{folder.file("model.bin"), kHeaderBytes + 2 * kTensorBytes + kTailBytes}};
    for (std::uint32_t i = 0; i < 2; ++i) {
      catalog.tensors.push_back({i == 0 ? "a" : "b", DType::u8, {}, i, 1, "", -1});
      catalog.extents.push_back({i, 0, kHeaderBytes + i * kTensorBytes, kTensorBytes, {}, kNoBlocks});
    }
    bytes.resize(catalog.files.front().size_bytes);
    std::iota(bytes.begin(), bytes.end(), '\0');
  }

  void write() const { std::ofstream(catalog.files.front().path, std::ios::binary) << bytes; }
  bool is_last() const { return ranks->rank() + 1 == ranks->size(); }

  /// Collective: every rank has its own view of the files.
  std::string message() {
    std::vector<std::uint32_t> first(ranks->size());
    std::iota(first.begin(), first.end(), 0U);
    return thrown_message<CorruptData>([&] { check_same_content(catalog, *ranks, FileViews(first)); });
  }

  void expect_refusal(std::string const& what) {
    auto const text = message();
    if (ranks->size() == 1) {
      EXPECT_EQ(text, "");
      return;
    }
    EXPECT_THAT(text, ::testing::StartsWith("rank " + std::to_string(ranks->size() - 1) + " on "));
    EXPECT_THAT(text, ::testing::HasSubstr("model.bin is not the same file on all hosts"));
    EXPECT_THAT(text, ::testing::HasSubstr(what));
  }

  std::unique_ptr<MpiCommunicator> const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  ScratchFolder const folder;
  Catalog catalog;
  std::string bytes;
};

TEST_F(SameContent, LetsEqualFilesPass) {
  write();
  EXPECT_EQ(message(), "");
}

TEST_F(SameContent, ReadsNothingOnOneHost) { EXPECT_NO_THROW(check_same_content(catalog, *ranks)); }

TEST_F(SameContent, SeesAnotherHeader) {
  if (is_last()) bytes[kHeaderBytes - 1] ^= 1;
  write();
  expect_refusal("has another header or index");
}

TEST_F(SameContent, SeesWhatLiesBehindTheTensors) {
  if (is_last()) bytes.back() ^= 1;
  write();
  expect_refusal("has another header or index");
}

TEST_F(SameContent, SeesOtherNumbersAtBothEndsOfTheTensors) {
  for (auto const place : {kHeaderBytes, kHeaderBytes + 2 * kTensorBytes - 1}) {
    auto const kept = bytes;
    if (is_last()) bytes[place] ^= 1;
    write();
    expect_refusal(place == kHeaderBytes ? "has other numbers in tensor 'a'" : "has other numbers in tensor 'b'");
    bytes = kept;
  }
}

TEST_F(SameContent, SeesATruncatedFile) {
  if (is_last()) bytes.resize(5000);
  write();
  expect_refusal("has 5000 bytes instead of 201050");
}

TEST_F(SameContent, SeesAMissingFile) {
  if (!is_last() || ranks->size() == 1) write();
  expect_refusal("cannot be read");
}

TEST_F(SameContent, WaitsForAFileThatAppearsLate) {
  if (!is_last() || ranks->size() == 1) {
    write();
    EXPECT_EQ(message(), "");
    return;
  }
  auto const late = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    write();
  });
  EXPECT_EQ(message(), "");
}

TEST(SampledBlocks, AreFewAndInsideTheirTensors) {
  Catalog catalog;
  catalog.files.resize(40);
  for (std::uint32_t file = 0; file < 40; ++file) {
    for (std::uint32_t i = 0; i < 5; ++i)
      catalog.extents.push_back({i, file, 10'000'000 * i + 17, i == 3 ? 100U : 9'000'000U, {}, kNoBlocks});
  }
  for (std::uint32_t file = 0; file < 40; ++file) {
    auto const blocks = sampled_blocks(catalog, file);
    EXPECT_EQ(blocks.size(), kMostSamples / 40);
    EXPECT_EQ(blocks.front().offset_bytes, 17U);
    EXPECT_EQ(blocks.back().offset_bytes + blocks.back().nbytes, 40'000'017U + 9'000'000U);
    for (auto const& block : blocks) {
      auto const begin = 10'000'000U * block.tensor + 17;
      EXPECT_GE(block.offset_bytes, begin);
      EXPECT_LE(block.offset_bytes + block.nbytes, begin + (block.tensor == 3 ? 100U : 9'000'000U));
    }
  }
}

}  // namespace
}  // namespace distload
