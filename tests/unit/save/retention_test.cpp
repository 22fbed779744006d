/// Which steps of a directory stay.
#include "save/commit/retention.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "unit/checkpoint/hdf5/sample_file.hpp"

namespace distload {
namespace {

class Retention : public testing::Test {
 protected:
  Retention() {
    for (auto const step : {1, 2, 3, 4}) write_sample(file(step));
  }
  std::string file(int step) const { return folder_.file("model-step-" + std::to_string(step) + ".h5"); }
  std::string directory() const { return folder_.file(""); }
  std::string steps() const {
    std::string steps;
    for (auto const step : {1, 2, 3, 4}) {
      if (std::filesystem::exists(file(step))) steps += std::to_string(step);
    }
    return steps;
  }

  ScratchFolder folder_;
};

TEST_F(Retention, KeepsTheNewestSteps) {
  remove_old_checkpoints(directory(), 4, 0);
  EXPECT_EQ(steps(), "1234");
  remove_old_checkpoints(directory(), 4, 3);
  EXPECT_EQ(steps(), "234");
  remove_old_checkpoints(directory(), 4, 1);
  EXPECT_EQ(steps(), "4");
}

TEST_F(Retention, LeavesStepsAloneThatAreNewerThanTheSave) {
  remove_old_checkpoints(directory(), 3, 1);
  EXPECT_EQ(steps(), "34");
}

TEST_F(Retention, NeitherCountsNorRemovesWhatIsNotValid) {
  std::filesystem::resize_file(file(3), 1000);
  remove_old_checkpoints(directory(), 4, 2);
  EXPECT_EQ(steps(), "234");
}

TEST_F(Retention, RemovesNothingIfTheNewOneIsNotValid) {
  std::filesystem::resize_file(file(4), 1000);
  remove_old_checkpoints(directory(), 4, 1);
  EXPECT_EQ(steps(), "1234");
}

TEST_F(Retention, KeepsWhatSomebodyElseHasWrittenOrEdited) {
  std::filesystem::resize_file(file(1), std::filesystem::file_size(file(1)) + 1);  // as an editor would
  std::filesystem::rename(file(2), folder_.file("elsewhere.h5"));
  std::filesystem::create_symlink(folder_.file("elsewhere.h5"), file(2));
  remove_old_checkpoints(directory(), 4, 1);
  EXPECT_EQ(steps(), "124");
  EXPECT_TRUE(std::filesystem::exists(folder_.file("elsewhere.h5")));
}

TEST_F(Retention, OfADirectoryThatIsGoneFailsNothing) {
  EXPECT_NO_THROW(remove_old_checkpoints(folder_.file("nowhere"), 4, 1));
}

}  // namespace
}  // namespace distload
