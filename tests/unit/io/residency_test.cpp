// How much of a checkpoint the page cache has.
#include "io/files/residency.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include <unistd.h>

#include "io/files/input_file.hpp"
#include "save/commit/durable.hpp"
#include "unit/io/raw_checkpoint.hpp"

namespace distload {
namespace {

TEST(ResidentShare, FollowsThePageCache) {
  testing::RawCheckpoint checkpoint(testing::fresh_directory());
  checkpoint.add_tensor(checkpoint.add_file(), 4 * kMiB);
  checkpoint.add_tensor(checkpoint.add_file(), 12 * kMiB);
  checkpoint.write();
  auto const& catalog = checkpoint.catalog();
  ASSERT_TRUE(resident_share(catalog));
  EXPECT_DOUBLE_EQ(*resident_share(catalog), 1);  // just written

  for (auto const& file : catalog.files) {
    sync_file(file.path);
    InputFile(file.path).forget_cached();
  }
  if (*resident_share(catalog) == 1) GTEST_SKIP() << "this file system keeps everything in memory";
  EXPECT_NEAR(*resident_share(catalog), 0, 0.01);

  std::vector<std::byte> bytes(catalog.files[0].size_bytes);
  InputFile(catalog.files[0].path).read_at(0, bytes);
  EXPECT_NEAR(*resident_share(catalog), 0.25, 0.01);
}

TEST(ResidentShare, IsKnownForFilesOfOthers) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  testing::RawCheckpoint checkpoint(testing::fresh_directory());
  checkpoint.add_tensor(checkpoint.add_file(), 64 * kMiB);
  checkpoint.write();
  auto const& catalog = checkpoint.catalog();
  auto const share_for_nobody = [&] {
    constexpr uid_t kNobody = 65534;
    if (setresuid(kNobody, kNobody, kNobody) != 0) std::exit(101);
    auto const share = resident_share(catalog);
    std::exit(share ? static_cast<int>(*share * 100) : 102);
  };
  EXPECT_EXIT(share_for_nobody(), ::testing::ExitedWithCode(100), "") << "just written";

  sync_file(catalog.files[0].path);
  InputFile(catalog.files[0].path).forget_cached();
  if (*resident_share(catalog) > 0) GTEST_SKIP() << "this file system keeps everything in memory";
  EXPECT_EXIT(share_for_nobody(), ::testing::ExitedWithCode(0), "");
  EXPECT_LT(*resident_share(catalog), 0.05) << "asking reads few pages";
}

TEST(ResidentShare, KnowsNothingOfNothing) { EXPECT_FALSE(resident_share({})); }

}  // namespace
}  // namespace distload
