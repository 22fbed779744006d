/// Which rank of a node uses which device.
#include "device/assign_devices.hpp"

#include <gmock/gmock.h>

namespace distload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DeviceUuid device(std::uint8_t number) { return {number}; }
DeviceUuid const kA = device(1);
DeviceUuid const kB = device(2);
DeviceUuid const kC = device(3);

TEST(AssignDevices, GivesRankRTheRthIfAllSeeTheSame) {
  auto const assigned = assign_devices({{kA, kB, kC}, {kA, kB, kC}, {kA, kB, kC}}, false);
  EXPECT_THAT(assigned.numbers, ElementsAre(0, 1, 2));
  EXPECT_FALSE(assigned.is_shared);
  EXPECT_EQ(assigned.refusal, "");
}

TEST(AssignDevices, TakesTheOneThatTheLauncherHasChosen) {
  // Every rank calls its device number 0.
  EXPECT_THAT(assign_devices({{kB}, {kC}, {kA}}, false).numbers, ElementsAre(0, 0, 0));
}

TEST(AssignDevices, RefusesRanksThatSeeOnlyTheSameDevice) {
  auto const assigned = assign_devices({{kA}, {kA}, {kA}, {kA}}, false);
  EXPECT_THAT(assigned.refusal, HasSubstr("4 ranks on this node see 1 CUDA device, and every rank needs its own"));
  EXPECT_THAT(assigned.refusal, HasSubstr("topology.share_device: true"));
  EXPECT_TRUE(assigned.numbers.empty());
}

TEST(AssignDevices, RefusesMoreRanksThanDevices) {
  EXPECT_THAT(assign_devices({{kA, kB}, {kA, kB}, {kA, kB}}, false).refusal,
              HasSubstr("3 ranks on this node see 2 CUDA devices"));
}

TEST(AssignDevices, MovesARankToLeaveADeviceToAnother) {
  // Rank 0 would take A first; rank 1 sees nothing else.
  EXPECT_THAT(assign_devices({{kA, kB}, {kA}}, false).numbers, ElementsAre(1, 0));
}

TEST(AssignDevices, SaysThatDevicesSufficeButAreHidden) {
  EXPECT_THAT(assign_devices({{kA}, {kA}, {kB, kC}}, false).refusal, HasSubstr("see only devices that others need"));
}

TEST(AssignDevices, SharesEvenlyIfAllowed) {
  auto const assigned = assign_devices({{kA, kB}, {kA, kB}, {kA, kB}, {kA, kB}}, true);
  EXPECT_THAT(assigned.numbers, ElementsAre(0, 1, 0, 1));
  EXPECT_TRUE(assigned.is_shared);
}

TEST(AssignDevices, SharesOnlyWhatTheRankSees) {
  auto const assigned = assign_devices({{kA}, {kA}, {kB, kA}}, true);
  EXPECT_THAT(assigned.numbers, ElementsAre(0, 0, 0));
  EXPECT_TRUE(assigned.is_shared);
}

TEST(AssignDevices, DoesNotShareWithoutNeed) {
  auto const assigned = assign_devices({{kA, kB}, {kA, kB}}, true);
  EXPECT_THAT(assigned.numbers, ElementsAre(0, 1));
  EXPECT_FALSE(assigned.is_shared);
}

TEST(DeviceUuid, IsThatOfNvidiaSmi) {
  EXPECT_EQ(to_string(DeviceUuid{0x7f, 0x3a, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 255}),
            "GPU-7f3a0001-0203-0405-0607-08090a0b0cff");
}

TEST(CudaVersionText, HasMajorAndMinor) { EXPECT_EQ(cuda_version_text(12080), "12.8"); }

}  // namespace
}  // namespace distload
