/// What is particular to the communicator over MPI: signs of life, errors, and a barrier that gives up.
#include "parallel/mpi_communicator.hpp"

#include <array>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "parallel/mpi_check.hpp"

namespace distload {
namespace {

using std::chrono::milliseconds;

TEST(MpiCommunicator, BeatsWithEveryOperationAlsoAfterASplit) {
  Heartbeat heartbeat;
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {.piece_bytes = kMiB, .heartbeat = &heartbeat});
  auto const before = heartbeat.beats();
  ranks->barrier();
  auto const between = heartbeat.beats();
  EXPECT_GT(between, before);
  auto const part = ranks->split(0, 0);
  auto const after_split = heartbeat.beats();
  part->barrier();
  EXPECT_GT(heartbeat.beats(), after_split);
  EXPECT_FALSE(heartbeat.waits());
}

TEST(MpiCommunicator, PutsAllRanksOfThisMachineOnOneNode) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  auto const node = ranks->split_by_node();
  EXPECT_EQ(node->size(), ranks->size());
  EXPECT_EQ(node->rank(), ranks->rank());
}

TEST(MpiCommunicator, ReportsAMessageOfAnotherLengthThanExpected) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  if (ranks->size() < 2) GTEST_SKIP() << "needs two ranks";
  std::array<std::byte, 16> buffer{};
  Send const send{1, buffer.data(), 8};
  Receive const receive{0, buffer.data(), 16};
  if (ranks->rank() == 0) ranks->exchange(std::span(&send, 1), {});
  if (ranks->rank() == 1) {
    EXPECT_THROW(
        try { ranks->exchange({}, std::span(&receive, 1)); } catch (CommunicationError const& error) {
          EXPECT_STREQ(error.what(), "rank 0 sent 8 bytes where 16 were expected");
          throw;
        },
        CommunicationError);
  }
  ranks->barrier();
}

TEST(MpiCommunicator, ReturnsErrorsAsExceptionsThatNameCallAndPlace) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  try {
    DISTLOAD_MPI(MPI_Bcast(nullptr, -1, MPI_BYTE, 0, ranks->native()));
    FAIL() << "a negative count was accepted";
  } catch (CommunicationError const& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("MPI_Bcast failed: "));
    EXPECT_THAT(error.what(), testing::HasSubstr("(mpi_communicator_test.cpp:"));
  }
}

TEST(MpiCommunicator, MeetsWhenAllComeInTime) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  EXPECT_TRUE(ranks->try_barrier(milliseconds(10'000)));
}

TEST(MpiCommunicator, GivesUpOnRanksThatDoNotCome) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  auto const meeting = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  bool const last_rank_stays_away = ranks->size() > 1;
  if (!last_rank_stays_away || ranks->rank() + 1 < ranks->size()) {
    EXPECT_EQ(meeting->try_barrier(milliseconds(50)), !last_rank_stays_away);
  }
  ranks->barrier();
  // With a barrier begun and not ended the communicator cannot be freed.
  meeting->abandon();
}

TEST(NativeMpi, FindsTheCommunicator) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  EXPECT_EQ(native_mpi(*ranks), ranks->native());
}

}  // namespace
}  // namespace distload
