// Exit codes of several findings.
#include "verify/outcome.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

TEST(Outcome, TheWorstDecides) {
  std::vector<Outcome> outcomes;
  EXPECT_EQ(worst_of(outcomes), ExitCode::done);
  for (auto const code : {ExitCode::done, ExitCode::nothing_to_compare, ExitCode::no_valid_checkpoint, ExitCode::io,
                          ExitCode::corrupt_data}) {
    outcomes.insert(outcomes.begin(), Outcome{});
    outcomes.front().code = code;
    EXPECT_EQ(worst_of(outcomes), code);
  }
}

TEST(Outcome, OnlySomeFailuresAreAboutACheckpoint) {
  EXPECT_TRUE(is_about_checkpoint(ExitCode::corrupt_data));
  EXPECT_TRUE(is_about_checkpoint(ExitCode::io));
  EXPECT_FALSE(is_about_checkpoint(ExitCode::done));
  EXPECT_FALSE(is_about_checkpoint(ExitCode::internal));
  EXPECT_FALSE(is_about_checkpoint(ExitCode::communication));
}

}  // namespace
}  // namespace distload
