/// DISTLOAD_FAULT and what it does.
#include "base/fault.hpp"

#include <csignal>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

namespace distload {
namespace {

/// Arms this process as `rank` with `text`.
void arm(char const* text, std::uint32_t rank = 1) {
  setenv("DISTLOAD_FAULT", text, 1);
  set_fault_rank(rank);
}

class FaultPoint : public testing::Test {
 protected:
  void TearDown() override {
    unsetenv("DISTLOAD_FAULT");
    set_fault_rank(0);
  }
};

TEST(ParseFault, ReadsPhaseRankKindAndTime) {
  EXPECT_EQ(parse_fault("read:3"), (Fault{"read", 3, FaultKind::io}));
  EXPECT_EQ(parse_fault("exchange:0:hang"), (Fault{"exchange", 0, FaultKind::hang}));
  EXPECT_EQ(parse_fault("a b:12:exception"), (Fault{"a b", 12, FaultKind::exception}));
  EXPECT_EQ(parse_fault("save_write:1:kill:12"), (Fault{"save_write", 1, FaultKind::kill, 12}));
}

TEST(ParseFault, RefusesEverythingElse) {
  for (auto const* const text :
       {"", ":", "read", "read:", "read:x", "read:-1", "read:1:", "read:1:boom", "read:1x", ":1", "read:99999999999",
        "read:1:io:", "read:1:io:0", "read:1:io:2x", "read:1:io:2:"}) {
    EXPECT_EQ(parse_fault(text), std::nullopt) << text;
  }
}

TEST_F(FaultPoint, FailsInItsPhaseOnItsRankOnly) {
  arm("read:1");
  EXPECT_NO_THROW(fault_point("open"));
  EXPECT_THROW(fault_point("read"), IoError);
  arm("read:1", 0);
  EXPECT_NO_THROW(fault_point("read"));
}

TEST_F(FaultPoint, FailsTheTimeThatIsAskedFor) {
  arm("p:1:io:2");
  EXPECT_NO_THROW(fault_point("p"));
  EXPECT_THROW(fault_point("p"), IoError);
  EXPECT_NO_THROW(fault_point("p"));
  arm("p:1:io");
  EXPECT_THROW(fault_point("p"), IoError);
  EXPECT_THROW(fault_point("p"), IoError);
}

TEST_F(FaultPoint, FailsInTheWayThatIsAskedFor) {
  arm("p:1:corrupt");
  EXPECT_THROW(fault_point("p"), CorruptData);
  arm("p:1:internal");
  EXPECT_THROW(fault_point("p"), InternalError);
  arm("p:1:memory");
  EXPECT_THROW(fault_point("p"), std::bad_alloc);
  arm("p:1:exception");
  EXPECT_THROW(fault_point("p"), std::runtime_error);
  arm("p:1:kill");
  EXPECT_EXIT(fault_point("p"), testing::KilledBySignal(SIGKILL), "");
}

TEST_F(FaultPoint, DoesNothingWithoutTheSwitch) {
  unsetenv("DISTLOAD_FAULT");
  set_fault_rank(1);
  EXPECT_NO_THROW(fault_point("read"));
}

TEST_F(FaultPoint, RefusesNonsense) { EXPECT_THROW(arm("nonsense"), ConfigError); }

}  // namespace
}  // namespace distload
