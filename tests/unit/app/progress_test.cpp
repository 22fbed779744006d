// How progress looks.
#include "app/progress.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

constexpr Bytes kHalf = 512 * kMiB;

TEST(ProgressMode, FollowsTheTerminalOnlyForAuto) {
  EXPECT_EQ(progress_mode("auto", true), ProgressMode::bar);
  EXPECT_EQ(progress_mode("auto", false), ProgressMode::line);
  EXPECT_EQ(progress_mode("none", true), ProgressMode::none);
  EXPECT_EQ(progress_mode("bar", false), ProgressMode::bar);
}

TEST(DrawBar, FitsTheTerminal) {
  ProgressEvent const event{"read", kHalf, kGiB, 0.25};
  EXPECT_EQ(draw_bar(event, 120),
            "read [====================                    ]  50 %  512 MiB of 1 GiB, 2.1 GB/s, 0.2 s left");
  for (std::size_t columns = 1; columns < 130; ++columns) EXPECT_LE(draw_bar(event, columns).size(), columns);
}

TEST(DrawBar, ShowsOnlyThePhaseWhileNothingIsKnown) { EXPECT_EQ(draw_bar({"plan", 0, 0, 0.1}, 80), "plan "); }

TEST(DrawLine, SaysPhaseShareAmountRateAndRest) {
  EXPECT_EQ(draw_line({"read", kHalf, kGiB, 0.25}), "distload: read: 50 %, 512 MiB of 1 GiB, 2.1 GB/s, 0.2 s left");
  EXPECT_EQ(draw_line({"done", kGiB, kGiB, 0.5}), "distload: done: 100 %, 1 GiB of 1 GiB, 2.1 GB/s");
}

TEST(DrawJson, IsOneObject) {
  EXPECT_EQ(draw_json({"read", 1, 2, 0.5}), R"({"phase":"read","done":1,"total":2,"seconds":0.5})");
}

}  // namespace
}  // namespace distload
