// Folders of files that are installed with the program.
#include "config/data_directories.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "support/scratch_folder.hpp"

namespace distload {
namespace {

TEST(DataDirectories, HasThoseBelowDistloadRootLast) {
  ScratchFolder const root;
  auto const models = root.path() / "share/distload/models";
  std::filesystem::create_directories(models);
  ::setenv("DISTLOAD_ROOT", root.path().c_str(), 1);
  auto const directories = data_directories("models");
  ::unsetenv("DISTLOAD_ROOT");
  EXPECT_THAT(directories, testing::Contains(models.string()));
  EXPECT_NE(directories.front(), models.string());
  EXPECT_THAT(data_directories("models"), testing::Not(testing::Contains(models.string())));
}

}  // namespace
}  // namespace distload
