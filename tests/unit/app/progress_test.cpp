// How progress looks.
#include "app/progress_display.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace distload {
namespace {

constexpr Bytes kHalf = 512 * kMiB;

TEST(ProgressMode, FollowsTheTerminalOnlyForAuto) {
  EXPECT_EQ(progress_mode(ProgressMode::automatic, true), ProgressMode::bar);
  EXPECT_EQ(progress_mode(ProgressMode::automatic, false), ProgressMode::line);
  EXPECT_EQ(progress_mode(ProgressMode::none, true), ProgressMode::none);
  EXPECT_EQ(progress_mode(ProgressMode::bar, false), ProgressMode::bar);
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

TEST(DrawBar, TakesNumbersThatMakeNoSense) {
  for (auto const& event : {ProgressEvent{"read", kGiB, kHalf, 0.25}, ProgressEvent{"read", 0, kGiB, 0},
                            ProgressEvent{"read", kHalf, kGiB, 0}, ProgressEvent{"", ~Bytes{0}, ~Bytes{0}, 1e300}}) {
    for (std::size_t columns : {0U, 1U, 20U, 80U, 1000U}) EXPECT_LE(draw_bar(event, columns).size(), columns);
  }
}

struct Paced {
  ProgressEvent event;
  bool is_due;
};

void expect_paces(ProgressMode mode, std::vector<Paced> const& events) {
  ProgressPacer pacer(mode);
  for (auto const& [event, is_due] : events)
    EXPECT_EQ(pacer.is_due(event), is_due) << event.phase << " at " << event.seconds << " s";
}

TEST(ProgressPacer, DrawsABarForEveryPhaseAndTenTimesASecond) {
  expect_paces(ProgressMode::bar, {{{"open", 0, 0, 0.00}, true},
                                   {{"plan", 0, 0, 0.01}, true},
                                   {{"read", 1, 9, 0.02}, true},
                                   {{"read", 2, 9, 0.05}, false},
                                   {{"read", 3, 9, 0.13}, true},
                                   {{"done", 9, 9, 0.14}, true}});
}

TEST(ProgressPacer, KeepsALogShort) {
  expect_paces(ProgressMode::line, {{{"open", 0, 0, 0.0}, false},
                                    {{"read", 1, 9, 0.1}, false},
                                    {{"read", 2, 9, 5.1}, true},
                                    {{"read", 3, 9, 9.9}, false},
                                    {{"read", 4, 9, 10.2}, true},
                                    {{"done", 9, 9, 10.3}, true}});
}

TEST(ProgressPacer, TellsProgramsEveryPhase) {
  expect_paces(ProgressMode::json, {{{"open", 0, 0, 0.0}, true},
                                    {{"read", 1, 9, 0.1}, true},
                                    {{"read", 2, 9, 0.9}, false},
                                    {{"read", 3, 9, 1.2}, true},
                                    {{"done", 9, 9, 1.3}, true}});
}

TEST(ProgressPacer, IsSilentWhereNothingIsWanted) {
  expect_paces(ProgressMode::none, {{{"open", 0, 0, 0}, false}, {{"done", 1, 1, 99}, false}});
}

/// What `events` leave on stderr.
std::string shown(ProgressMode mode, std::vector<ProgressEvent> const& events) {
  testing::internal::CaptureStderr();
  {
    ProgressDisplay display(mode);
    for (auto const& event : events) display.show(event);
  }
  return testing::internal::GetCapturedStderr();
}

TEST(ProgressDisplay, LeavesTheCursorAtTheBeginningOfALine) {
  EXPECT_EQ(shown(ProgressMode::bar, {{"plan", 0, 0, 0}}), "\r\033[Kplan \r");
  EXPECT_EQ(shown(ProgressMode::bar, {{"read", 1, 9, 0}}).back(), '\n');
  auto const complete = shown(ProgressMode::bar, {{"read", 1, 9, 0}, {"done", 9, 9, 1}});
  EXPECT_EQ(std::count(complete.begin(), complete.end(), '\n'), 1);
  EXPECT_EQ(shown(ProgressMode::none, {{"read", 1, 9, 0}, {"done", 9, 9, 1}}), "");
}

}  // namespace
}  // namespace distload
