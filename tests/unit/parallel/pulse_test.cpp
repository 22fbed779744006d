/// Pulse and WaitMark.
#include "parallel/pulse.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

TEST(Pulse, HasWholeCacheLines) {
  EXPECT_EQ(sizeof(Pulse) % 64, 0U);
  EXPECT_EQ(alignof(Pulse), 64U);
}

TEST(Pulse, KeepsTheCall) {
  Pulse pulse;
  EXPECT_EQ(pulse.call(), "");
  pulse.set_call("Loader::load");
  EXPECT_EQ(pulse.call(), "Loader::load");
}

TEST(Pulse, KeepsThePhase) {
  Pulse pulse;
  EXPECT_EQ(pulse.phase(), "");
  for (auto const* const phase : {"read", "a", "exactly eight and more", "", "exchange"}) {
    pulse.enter(phase);
    EXPECT_EQ(pulse.phase(), phase);
  }
}

TEST(Pulse, CutsALongPhase) {
  Pulse pulse;
  pulse.enter(std::string(AtomicText::kMostBytes + 10, 'x'));
  EXPECT_EQ(pulse.phase(), std::string(AtomicText::kMostBytes, 'x'));
}

TEST(Pulse, EnteringAPhaseIsASignOfLife) {
  Pulse pulse;
  auto const before = pulse.beats();
  pulse.enter("read");
  EXPECT_GT(pulse.beats(), before);
}

TEST(WaitMark, ShowsWaitingForItsLifetime) {
  Pulse pulse;
  auto const before = pulse.beats();
  {
    WaitMark const outer(&pulse);
    { WaitMark const inner(&pulse); }
    EXPECT_TRUE(pulse.waits());
  }
  EXPECT_FALSE(pulse.waits());
  EXPECT_GT(pulse.beats(), before);
}

TEST(WaitMark, NeedsNoPulse) { EXPECT_NO_THROW(WaitMark(nullptr)); }

}  // namespace
}  // namespace distload
