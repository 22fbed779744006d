// Which wave a piece of work gets.
#include "plan/ledger/wave_scheduler.hpp"

#include <gtest/gtest.h>

#include <array>

namespace distload {
namespace {

constexpr std::array<std::uint32_t, 2> kRanks{0, 1};
constexpr std::span<std::uint32_t const> kFirst(kRanks.data(), 1);
constexpr std::span<std::uint32_t const> kSecond(kRanks.data() + 1, 1);

TEST(WaveScheduler, FillsAWaveBeforeItOpensTheNext) {
  WaveScheduler scheduler(1, 100);
  std::vector<StagingNeed> const need{{kFirst, 40}};
  EXPECT_EQ(scheduler.place(need), 0U);
  EXPECT_EQ(scheduler.place(need), 0U);
  EXPECT_EQ(scheduler.place(need), 1U);
  EXPECT_EQ(scheduler.waves(), 2U);
  EXPECT_EQ(scheduler.peak_bytes(0), 80U);
}

TEST(WaveScheduler, LetsRanksThatShareNothingGoTheirOwnPace) {
  WaveScheduler scheduler(2, 100);
  for (int i = 0; i < 3; ++i) scheduler.place(std::vector<StagingNeed>{{kFirst, 100}});
  EXPECT_EQ(scheduler.place(std::vector<StagingNeed>{{kSecond, 100}}), 0U);
  EXPECT_EQ(scheduler.current(0), 2U);
  EXPECT_EQ(scheduler.current(1), 0U);
}

TEST(WaveScheduler, PullsRanksThatShareWorkToOneWave) {
  WaveScheduler scheduler(2, 100);
  scheduler.place(std::vector<StagingNeed>{{kFirst, 100}});
  scheduler.place(std::vector<StagingNeed>{{kFirst, 30}});
  std::vector<StagingNeed> const shared{{kFirst, 30}, {kSecond, 60}};
  EXPECT_EQ(scheduler.place(shared), 1U);
  EXPECT_EQ(scheduler.current(1), 1U);
  EXPECT_EQ(scheduler.place(shared), 2U) << "rank 1 has no room for another 60";
  EXPECT_EQ(scheduler.peak_bytes(1), 60U);
}

}  // namespace
}  // namespace distload
