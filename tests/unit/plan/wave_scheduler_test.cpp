// Which wave a piece of work gets.
#include "plan/wave_scheduler.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

TEST(WaveScheduler, FillsAWaveBeforeItOpensTheNext) {
  WaveScheduler scheduler(1, 100);
  std::vector<StagingNeed> const need{{0, 40}};
  EXPECT_EQ(scheduler.place(need), 0U);
  EXPECT_EQ(scheduler.place(need), 0U);
  EXPECT_EQ(scheduler.place(need), 1U);
  EXPECT_EQ(scheduler.waves(), 2U);
  EXPECT_EQ(scheduler.peak_bytes(0), 80U);
}

TEST(WaveScheduler, LetsRanksThatShareNothingGoTheirOwnPace) {
  WaveScheduler scheduler(2, 100);
  for (int i = 0; i < 3; ++i) scheduler.place(std::vector<StagingNeed>{{0, 100}});
  EXPECT_EQ(scheduler.place(std::vector<StagingNeed>{{1, 100}}), 0U);
  EXPECT_EQ(scheduler.current(0), 2U);
  EXPECT_EQ(scheduler.current(1), 0U);
}

TEST(WaveScheduler, PullsRanksThatShareWorkToOneWave) {
  WaveScheduler scheduler(2, 100);
  scheduler.place(std::vector<StagingNeed>{{0, 100}});
  scheduler.place(std::vector<StagingNeed>{{0, 30}});
  std::vector<StagingNeed> const shared{{0, 30}, {1, 60}};
  EXPECT_EQ(scheduler.place(shared), 1U);
  EXPECT_EQ(scheduler.current(1), 1U);
  EXPECT_EQ(scheduler.place(shared), 2U) << "rank 1 has no room for another 60";
  EXPECT_EQ(scheduler.peak_bytes(1), 60U);
}

}  // namespace
}  // namespace distload
