/// Ranks that write to one file, and ranks that would write to others, as if each were on a host of its own.
#include "save/commit/shared_files.hpp"

#include <filesystem>
#include <fstream>
#include <numeric>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "parallel/mpi_communicator.hpp"
#include "support/scratch_directory.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

constexpr Bytes kFileBytes = 100'000;

class CheckShared : public testing::Test {
 protected:
  /// Collective: every rank has its own view of the files.
  std::string message(std::string const& path, Bytes tensor_bytes = 50'000) {
    Catalog catalog;
    catalog.files = {{path, kFileBytes}};
    catalog.extents = {{0, 0, 4096, 10, {}, kNoBlocks}, {0, 0, 8192, tensor_bytes, {}, kNoBlocks}};
    std::vector<std::uint32_t> first(ranks->size());
    std::iota(first.begin(), first.end(), 0U);
    return thrown_message<IoError>([&] { check_shared(catalog, *ranks, FileViews(first)); });
  }

  static void make(std::string const& path) {
    std::ofstream{path};
    std::filesystem::resize_file(path, kFileBytes);
  }

  std::unique_ptr<MpiCommunicator> const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
};

TEST_F(CheckShared, LetsOneFilePass) {
  ScratchDirectory const shared(*ranks);
  auto const path = shared.file("model.partial");
  if (ranks->rank() == 0) make(path);
  ranks->barrier();
  EXPECT_EQ(message(path), "");
  EXPECT_EQ(message(path, 3), "");
  EXPECT_EQ(message(path, 0), "");
}

TEST_F(CheckShared, SeesAnotherFileOfTheSameSize) {
  ScratchFolder const own;
  make(own.file("model.partial"));
  auto const text = message(own.file("model.partial"));
  if (ranks->size() == 1) {
    EXPECT_EQ(text, "");
    return;
  }
  EXPECT_THAT(text, testing::HasSubstr("is another file on "));
  EXPECT_THAT(text, testing::HasSubstr("a file system that all of them share"));
}

TEST_F(CheckShared, SeesThatThereIsNone) {
  if (ranks->size() == 1) return;
  ScratchFolder const own;
  if (ranks->rank() == 0) make(own.file("model.partial"));
  EXPECT_THAT(message(own.file("model.partial")), testing::HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace distload
