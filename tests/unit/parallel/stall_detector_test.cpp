/// StallDetector on made-up ranks and a made-up clock.
#include "parallel/liveness/stall_detector.hpp"

#include <gmock/gmock.h>

namespace distload {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kTimeout{1000};

/// A node of ranks and its detector, looked at every 100 ms.
class Node {
 public:
  Node(std::uint32_t ranks, bool is_whole_job) : detector_(kTimeout) {
    for (std::uint32_t rank = 0; rank < ranks; ++rank) states.push_back({rank, 0, false, "read"});
    if (is_whole_job) return;
    states.push_back({ranks, 0, false, ""});
    states.back().is_known = false;
  }

  /// The message, if there is one within `duration`.
  std::optional<std::string> wait(milliseconds duration) {
    for (auto const end = now_ + duration; now_ < end; now_ += milliseconds(100)) {
      for (auto& state : states) state.looks += state.rank == stopped ? 0U : 1U;
      if (auto message = detector_.observe(states, now_)) return message;
    }
    return std::nullopt;
  }

  void sleep(milliseconds duration) { now_ += duration; }

  std::vector<RankState> states;
  std::optional<std::uint32_t> stopped;  ///< the rank whose watchdog does not look

 private:
  StallDetector detector_;
  StallDetector::Clock::time_point now_{std::chrono::hours(1)};
};

TEST(StallDetector, IsQuietWhileOneRankMoves) {
  Node node(4, true);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(node.wait(milliseconds(200)), std::nullopt);
    ++node.states[2].beats;
  }
}

TEST(StallDetector, FiresWhenNobodyMovesForTheTimeout) {
  Node node(2, true);
  EXPECT_EQ(node.wait(milliseconds(1000)), std::nullopt);
  EXPECT_NE(node.wait(milliseconds(200)), std::nullopt);
}

TEST(StallDetector, CountsFromTheLastMovement) {
  Node node(2, true);
  EXPECT_EQ(node.wait(milliseconds(900)), std::nullopt);
  ++node.states[0].beats;
  EXPECT_EQ(node.wait(milliseconds(900)), std::nullopt);
}

TEST(StallDetector, IsQuietWhenNobodyHasWork) {
  Node node(2, true);
  for (auto& state : node.states) state.phase.clear();
  EXPECT_EQ(node.wait(milliseconds(5000)), std::nullopt);
}

TEST(StallDetector, BeginsAnewWhenWorkBegins) {
  Node node(1, true);
  node.states[0].phase.clear();
  EXPECT_EQ(node.wait(milliseconds(5000)), std::nullopt);
  node.states[0].phase = "plan";
  EXPECT_EQ(node.wait(milliseconds(900)), std::nullopt);
}

TEST(StallDetector, NamesTheCulpritBeforeThoseThatWaitForIt) {
  Node node(5, true);
  for (auto& state : node.states) state.waits = state.rank != 1;
  node.states[4].phase.clear();
  auto const message = node.wait(milliseconds(5000));
  ASSERT_NE(message, std::nullopt);
  EXPECT_EQ(*message,
            "nothing has moved for 1.0 s: rank 1 is stuck in phase 'read' (last moved 1.0 s ago); "
            "ranks 0, 2-3 wait for other ranks in phase 'read' (last moved 1.0 s ago)");
}

TEST(StallDetector, TellsPhasesApart) {
  Node node(2, true);
  node.states[1].phase = "verify";
  auto const message = node.wait(milliseconds(5000));
  ASSERT_NE(message, std::nullopt);
  EXPECT_THAT(*message, HasSubstr("rank 0 is stuck in phase 'read'"));
  EXPECT_THAT(*message, HasSubstr("rank 1 is stuck in phase 'verify'"));
}

TEST(StallDetector, GivesOtherNodesTimeWhenAllHereOnlyWait) {
  Node node(2, false);
  for (auto& state : node.states) state.waits = true;
  EXPECT_EQ(node.wait(milliseconds(1900)), std::nullopt);
  EXPECT_NE(node.wait(milliseconds(300)), std::nullopt);
}

TEST(StallDetector, DoesNotWaitForOtherNodesWhenTheCulpritIsHere) {
  Node node(2, false);
  node.states[0].waits = true;
  EXPECT_NE(node.wait(milliseconds(1200)), std::nullopt);
}

TEST(StallDetector, NamesAStoppedProcessBeforeAllOthers) {
  Node node(4, true);
  for (auto& state : node.states) {
    state.waits = state.rank != 0;
    state.is_watched = true;
    state.host = state.rank < 2 ? "n1" : "n2";
  }
  node.stopped = 3;
  node.states[3].condition = "stopped";
  auto const message = node.wait(milliseconds(5000));
  ASSERT_NE(message, std::nullopt);
  EXPECT_THAT(*message, testing::StartsWith("nothing has moved for 1.0 s: rank 3 on n2 is stopped in phase 'read'"));
  EXPECT_THAT(*message, HasSubstr("; rank 0 on n1 is stuck in phase 'read'"));
  EXPECT_THAT(*message, HasSubstr("; ranks 1-2 on n1, n2 wait for other ranks in phase 'read'"));
}

TEST(StallDetector, SaysWhatIsNotKnownOfAProcessThatDoesNotAnswer) {
  Node node(2, true);
  for (auto& state : node.states) state.is_watched = state.waits = true;
  node.stopped = 1;
  auto const message = node.wait(milliseconds(5000));
  ASSERT_NE(message, std::nullopt);
  EXPECT_THAT(*message, HasSubstr("rank 1 does not answer in phase 'read'"));
}

TEST(StallDetector, NamesTheRankThatHasNotCalled) {
  Node node(3, true);
  for (auto& state : node.states) {
    state.waits = true;
    state.call = "Loader::load";
    state.host = "n1";
  }
  node.states[2] = {2, 0, false, ""};
  node.states[2].host = "n2";
  auto const message = node.wait(milliseconds(5000));
  ASSERT_NE(message, std::nullopt);
  EXPECT_THAT(*message, testing::StartsWith("nothing has moved for 1.0 s: rank 2 on n2 has not called Loader::load; "
                                            "ranks 0-1 on n1 wait for other ranks in phase 'read'"));
}

TEST(StallDetector, ForgivesATimeInWhichTheWatcherItselfStoodStill) {
  Node node(2, true);
  EXPECT_EQ(node.wait(milliseconds(300)), std::nullopt);
  node.sleep(std::chrono::minutes(10));
  EXPECT_EQ(node.wait(milliseconds(900)), std::nullopt);
  EXPECT_NE(node.wait(milliseconds(300)), std::nullopt);
}

}  // namespace
}  // namespace distload
