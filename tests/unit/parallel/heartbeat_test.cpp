/// Heartbeat and WaitScope.
#include "parallel/liveness/heartbeat.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

TEST(Heartbeat, HasWholeCacheLines) {
  EXPECT_EQ(sizeof(Heartbeat) % 64, 0U);
  EXPECT_EQ(alignof(Heartbeat), 64U);
}

TEST(Heartbeat, KeepsTheCall) {
  Heartbeat heartbeat;
  EXPECT_EQ(heartbeat.call(), "");
  heartbeat.set_call("Loader::load");
  EXPECT_EQ(heartbeat.call(), "Loader::load");
}

TEST(Heartbeat, KeepsThePhase) {
  Heartbeat heartbeat;
  EXPECT_EQ(heartbeat.phase(), "");
  for (auto const* const phase : {"read", "a", "exactly eight and more", "", "exchange"}) {
    heartbeat.enter(phase);
    EXPECT_EQ(heartbeat.phase(), phase);
  }
}

TEST(Heartbeat, CutsALongPhase) {
  Heartbeat heartbeat;
  heartbeat.enter(std::string(AtomicText::kMostBytes + 10, 'x'));
  EXPECT_EQ(heartbeat.phase(), std::string(AtomicText::kMostBytes, 'x'));
}

TEST(Heartbeat, EnteringAPhaseIsASignOfLife) {
  Heartbeat heartbeat;
  auto const before = heartbeat.beats();
  heartbeat.enter("read");
  EXPECT_GT(heartbeat.beats(), before);
}

TEST(WaitScope, ShowsWaitingForItsLifetime) {
  Heartbeat heartbeat;
  auto const before = heartbeat.beats();
  {
    WaitScope const outer(&heartbeat);
    { WaitScope const inner(&heartbeat); }
    EXPECT_TRUE(heartbeat.waits());
  }
  EXPECT_FALSE(heartbeat.waits());
  EXPECT_GT(heartbeat.beats(), before);
}

TEST(WaitScope, NeedsNoHeartbeat) { EXPECT_NO_THROW(WaitScope(nullptr)); }

}  // namespace
}  // namespace distload
