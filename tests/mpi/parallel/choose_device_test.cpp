/// Devices of the ranks of a job, from made-up surveys: the ranks of these tests are on one node.
#include "parallel/choose_device.hpp"

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "base/system.hpp"
#include "parallel/mpi_communicator.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ChooseDevice : public ::testing::Test {
 protected:
  /// A survey that finds devices with these identities.
  static DeviceSurvey seeing(std::vector<std::uint32_t> const& identities) {
    DeviceSurvey survey;
    for (auto const identity : identities) {
      auto& facts = survey.devices.emplace_back();
      facts.number = static_cast<int>(survey.devices.size()) - 1;
      facts.uuid[0] = static_cast<std::uint8_t>(identity);
    }
    return survey;
  }

  std::string refusal(DeviceSurvey const& survey) {
    return thrown_message<CommunicationError>([&] { assign_device(*world, *node, survey, false); });
  }

  std::unique_ptr<MpiCommunicator> const world = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  std::unique_ptr<MpiCommunicator> const node = world->split_by_node();
  std::uint32_t const rank = world->rank();
  std::uint32_t const size = world->size();
};

TEST_F(ChooseDevice, GivesEveryRankItsOwn) {
  auto const chosen = assign_device(*world, *node, seeing({0, 1, 2, 3}), false);
  EXPECT_EQ(chosen.number, static_cast<int>(rank));
  EXPECT_FALSE(chosen.is_shared);
}

TEST_F(ChooseDevice, TakesTheOneThatTheLauncherHasMadeVisible) {
  EXPECT_EQ(assign_device(*world, *node, seeing({7 + rank}), false).number, 0);
}

TEST_F(ChooseDevice, RefusesOneDeviceForAllOnAllRanks) {
  if (size == 1) GTEST_SKIP() << "one rank has the device for itself";
  EXPECT_THAT(refusal(seeing({5})),
              AllOf(StartsWith(host_name()), HasSubstr(std::to_string(size) + " ranks on this node see 1 CUDA device"),
                    HasSubstr("topology.share_device")));
}

TEST_F(ChooseDevice, SharesIfAllowed) {
  auto const chosen = assign_device(*world, *node, seeing({5}), true);
  EXPECT_EQ(chosen.number, 0);
  EXPECT_EQ(chosen.is_shared, size > 1);
}

TEST_F(ChooseDevice, ReportsTheRankThatSeesNone) {
  auto survey = seeing({0, 1, 2, 3});
  if (rank == size - 1) {
    survey = {};
    survey.why_none = "there is no NVIDIA driver";
  }
  EXPECT_THAT(refusal(survey), AllOf(HasSubstr(host_name() + ": there is no NVIDIA driver"), HasSubstr("--dry-run")));
}

TEST_F(ChooseDevice, RefusesSharingBetweenNodes) {
  if (size < 2) GTEST_SKIP() << "needs two ranks";
  // The first rank pretends to be alone on its node.
  auto const part = node->split(rank == 0 ? 0 : 1, rank);
  auto const message = thrown_message<CommunicationError>([&] { assign_device(*world, *part, seeing({5}), true); });
  if (size == 2) {
    EXPECT_EQ(message, "");  // each has a node and its device for itself
  } else {
    EXPECT_THAT(message, HasSubstr("only in a job on one node"));
  }
}

}  // namespace
}  // namespace distload
