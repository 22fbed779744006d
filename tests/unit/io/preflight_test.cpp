// Missing and resized files are noticed before anything is read, and files are opened once.
#include "io/files/preflight.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "io/engines/buffered_engine.hpp"
#include "io/engines/mmap_engine.hpp"
#include "unit/io/raw_checkpoint.hpp"

namespace distload {
namespace {

namespace fs = std::filesystem;

class Preflight : public ::testing::Test {
 protected:
  testing::RawCheckpoint checkpoint_{testing::fresh_directory()};
  std::uint32_t extent_ = checkpoint_.add_tensor(checkpoint_.add_file(), 1000);
  std::uint32_t other_ = checkpoint_.add_tensor(checkpoint_.add_file(), 500);
  void SetUp() override { checkpoint_.write(); }

  /// Of a rank that reads both files, or none.
  void check(bool reads) {
    InputFiles files(checkpoint_.catalog());
    preflight(files, {reads, reads});
  }

  /// How often this process has the extent's file open.
  std::ptrdiff_t descriptors_of(std::uint32_t extent) {
    auto const path = fs::canonical(checkpoint_.path_of(extent));
    return std::ranges::count_if(fs::directory_iterator("/proc/self/fd"), [&](fs::directory_entry const& entry) {
      std::error_code gone;  // what lists the directory is in it
      return fs::read_symlink(entry, gone) == path;
    });
  }

  /// Has `engine` read all of both files.
  void read_all(Engine& engine) {
    std::vector<std::byte> bytes(1500);
    std::vector<ReadRequest> const requests{{extent_, 0, 1000, bytes.data(), 0}, {other_, 0, 500, &bytes[1000], 1}};
    engine.read(requests, {});
  }
};

TEST_F(Preflight, AcceptsWhatTheCatalogDescribes) {
  for (bool const reads : {true, false}) EXPECT_NO_THROW(check(reads));
}

TEST_F(Preflight, RefusesATruncatedFile) {
  checkpoint_.truncate(extent_, 999);
  for (bool const reads : {true, false}) EXPECT_THROW(check(reads), CorruptData);
}

TEST_F(Preflight, RefusesAFileThatHasGrown) {
  fs::resize_file(checkpoint_.path_of(extent_), 1001);
  for (bool const reads : {true, false}) EXPECT_THROW(check(reads), CorruptData);
}

TEST_F(Preflight, RefusesAMissingFile) {
  fs::remove(checkpoint_.path_of(extent_));
  for (bool const reads : {true, false}) EXPECT_THROW(check(reads), IoError);
}

TEST_F(Preflight, LeavesOpenWhatIsRead) {
  {
    InputFiles files(checkpoint_.catalog());
    preflight(files, {false, true});
    EXPECT_EQ(descriptors_of(extent_), 0);
    EXPECT_EQ(descriptors_of(other_), 1);
  }
  EXPECT_EQ(descriptors_of(other_), 0);
}

TEST_F(Preflight, OpensFilesForTheEngine) {
  for (bool const maps : {true, false}) {
    InputFiles files(checkpoint_.catalog());
    preflight(files, {true, true});
    // Whoever opens them again finds nothing.
    for (auto const extent : {extent_, other_})
      fs::rename(checkpoint_.path_of(extent), checkpoint_.path_of(extent) + ".away");
    std::unique_ptr<Engine> const engine = maps
                                               ? std::unique_ptr<Engine>(std::make_unique<MmapEngine>(std::move(files)))
                                               : std::make_unique<BufferedEngine>(std::move(files));
    EXPECT_NO_THROW(read_all(*engine));
    for (auto const extent : {extent_, other_})
      fs::rename(checkpoint_.path_of(extent) + ".away", checkpoint_.path_of(extent));
    for (auto const extent : {extent_, other_}) EXPECT_EQ(descriptors_of(extent), 1);
  }
  for (auto const extent : {extent_, other_}) EXPECT_EQ(descriptors_of(extent), 0);
}

}  // namespace
}  // namespace distload
