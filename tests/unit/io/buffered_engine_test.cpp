// The buffered engine on real files: bytes, checksums, and every way in which reading fails.
#include "io/buffered_engine.hpp"

#include <numeric>
#include <random>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "unit/io/raw_checkpoint.hpp"

namespace distload {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The message of the exception of type `E` that `f` throws.
template <class E, class F>
std::string message_of(F const& f) {
  try {
    f();
  } catch (E const& error) {
    return error.what();
  }
  return "no exception of that type";
}

class Buffered : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  testing::RawCheckpoint checkpoint_{testing::fresh_directory()};

  /// Reads one whole extent.
  std::vector<std::byte> read(std::uint32_t extent, ReadOptions const& options = {}) {
    BufferedEngine engine(checkpoint_.catalog(), GetParam());
    std::vector<std::byte> bytes(checkpoint_.catalog().extents[extent].nbytes);
    ReadRequest const request{extent, 0, bytes.size(), bytes.data()};
    engine.read({&request, 1}, options);
    return bytes;
  }
};

INSTANTIATE_TEST_SUITE_P(Threads, Buffered, ::testing::Values(1U, 3U));

TEST_P(Buffered, ReadsExtentsOfAllSizes) {
  auto const file = checkpoint_.add_file(100);
  for (Bytes const nbytes : {Bytes{0}, Bytes{1}, Bytes{4095}, testing::kTestBlockBytes, testing::kTestBlockBytes + 1,
                             3 * testing::kTestBlockBytes - 1, 20 * kMiB + 17})
    for (bool const checksums : {true, false}) checkpoint_.add_tensor(file, nbytes, checksums);
  checkpoint_.write();
  for (std::uint32_t extent = 0; extent < checkpoint_.catalog().extents.size(); ++extent)
    EXPECT_TRUE(read(extent) == checkpoint_.bytes_of(extent)) << "extent " << extent;
}

TEST_P(Buffered, ReadsManyRequestsOfSeveralFilesInAnyOrder) {
  auto const first = checkpoint_.add_file();
  auto const second = checkpoint_.add_file(3);
  for (int i = 0; i < 20; ++i) {
    checkpoint_.add_tensor(first, 1000 + static_cast<Bytes>(i), i % 3 != 0);
    checkpoint_.add_tensor(second, testing::kTestBlockBytes / 2 * static_cast<Bytes>(i % 5) + 7, i % 4 != 0);
  }
  checkpoint_.write();
  auto const& extents = checkpoint_.catalog().extents;
  std::vector<std::vector<std::byte>> memory;
  std::vector<ReadRequest> requests;
  for (auto const& extent : extents) memory.emplace_back(extent.nbytes);
  for (std::uint32_t i = 0; i < extents.size(); ++i) {
    // The blocks of each extent as requests of their own.
    for (Bytes begin = 0; begin < extents[i].nbytes; begin += testing::kTestBlockBytes)
      requests.push_back(
          {i, begin, std::min(testing::kTestBlockBytes, extents[i].nbytes - begin), memory[i].data() + begin});
  }
  std::ranges::shuffle(requests, std::mt19937(1));
  Bytes progress = 0;
  ReadOptions options;
  options.on_progress = [&](Bytes nbytes) { progress += nbytes; };

  BufferedEngine engine(checkpoint_.catalog(), GetParam());
  engine.read(requests, options);

  for (std::uint32_t i = 0; i < extents.size(); ++i)
    EXPECT_TRUE(memory[i] == checkpoint_.bytes_of(i)) << "extent " << i;
  EXPECT_EQ(progress, checkpoint_.catalog().nbytes());
}

TEST_P(Buffered, NamesTheDamagedBlock) {
  checkpoint_.add_tensor(checkpoint_.add_file(64), 100);
  auto const extent = checkpoint_.add_tensor(0, 9 * testing::kTestBlockBytes + 1000);
  checkpoint_.write();
  auto const offset = checkpoint_.catalog().extents[extent].offset_bytes;
  struct Case {
    Bytes position, begin, end;
  };
  for (auto const& [position, begin, end] :
       {Case{0, 0, testing::kTestBlockBytes}, Case{testing::kTestBlockBytes - 1, 0, testing::kTestBlockBytes},
        Case{testing::kTestBlockBytes, testing::kTestBlockBytes, 2 * testing::kTestBlockBytes},
        Case{9 * testing::kTestBlockBytes + 999, 9 * testing::kTestBlockBytes, 9 * testing::kTestBlockBytes + 1000}}) {
    checkpoint_.write();
    checkpoint_.damage(extent, position);
    auto const range = "bytes [" + std::to_string(offset + begin) + ", " + std::to_string(offset + end) + ")";
    EXPECT_THAT(message_of<CorruptData>([&] { read(extent); }),
                AllOf(HasSubstr("tensor 'tensor.1'"), HasSubstr(checkpoint_.path_of(extent)), HasSubstr(range)));
  }
}

TEST_P(Buffered, DoesNotVerifyWhenToldNotTo) {
  auto const extent = checkpoint_.add_tensor(checkpoint_.add_file(), 3 * testing::kTestBlockBytes);
  checkpoint_.write();
  checkpoint_.damage(extent, 5);
  auto expected = checkpoint_.bytes_of(extent);
  expected[5] = ~expected[5];
  ReadOptions options;
  options.verify = false;
  EXPECT_TRUE(read(extent, options) == expected);
}

TEST_P(Buffered, NamesTheFirstMissingByteOfATruncatedFile) {
  for (bool const checksums : {true, false}) {
    testing::RawCheckpoint checkpoint(testing::fresh_directory());
    checkpoint.add_tensor(checkpoint.add_file(), 5000, checksums);
    auto const extent = checkpoint.add_tensor(0, 2 * testing::kTestBlockBytes, checksums);
    checkpoint.write();
    checkpoint.truncate(extent, testing::kTestBlockBytes + 10);
    BufferedEngine engine(checkpoint.catalog(), GetParam());
    std::vector<std::byte> bytes(5000 + 2 * testing::kTestBlockBytes);
    std::vector<ReadRequest> const requests{{0, 0, 5000, bytes.data()},
                                            {extent, 0, 2 * testing::kTestBlockBytes, bytes.data() + 5000}};
    auto const missing = "bytes [" + std::to_string(5000 + testing::kTestBlockBytes + 10) + ", " +
                         std::to_string(5000 + 2 * testing::kTestBlockBytes) + ") are missing";
    EXPECT_THAT(message_of<CorruptData>([&] { engine.read(requests, {}); }),
                AllOf(HasSubstr("truncated"), HasSubstr("'tensor.1'"), HasSubstr(missing)));
  }
}

TEST_P(Buffered, ReportsTheSystemsRefusal) {
  auto const extent = checkpoint_.add_tensor(checkpoint_.add_file(), 4096);
  checkpoint_.catalog().files[0].path = "/nowhere/model.safetensors";
  EXPECT_THAT(message_of<IoError>([&] { read(extent); }),
              AllOf(HasSubstr("/nowhere/model.safetensors"), HasSubstr("No such file")));
  checkpoint_.catalog().files[0].path = "/proc/self/mem";  // whose first page is never mapped: EIO
  EXPECT_THAT(message_of<IoError>([&] { read(extent); }),
              AllOf(HasSubstr("/proc/self/mem"), HasSubstr("bytes [0, 4096)"), HasSubstr("Input/output error")));
}

}  // namespace
}  // namespace distload
