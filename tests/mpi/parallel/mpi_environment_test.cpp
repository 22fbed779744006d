/// MpiEnvironment in a program that has initialised MPI itself, and the board of its node.
#include <distload/parallel/mpi_environment.hpp>

#include <gtest/gtest.h>
#include <mpi.h>

#include "parallel/liveness/node_board.hpp"

namespace distload {
namespace {

TEST(MpiEnvironment, LeavesMpiRunningIfTheProgramBeganIt) {
  MpiEnvironment mpi;
  mpi.finalize();
  int finalized = 0;
  MPI_Finalized(&finalized);
  EXPECT_EQ(finalized, 0);
}

TEST(MpiEnvironment, CanBeLeftWithoutFinalize) {
  MpiEnvironment mpi;
  EXPECT_FALSE(mpi.library_version().empty());
  EXPECT_EQ(mpi.io_component(), "romio321");
  EXPECT_TRUE(mpi.is_thread_multiple());
}

TEST(NodeBoard, ShowsTheHeartbeatsOfAllRanks) {
  MpiEnvironment mpi;
  mpi.board().own().enter("phase " + std::to_string(mpi.world().rank()));
  mpi.world().barrier();
  std::uint32_t expected = 0;
  for (auto const& entry : mpi.board().entries()) {
    EXPECT_EQ(entry.job_rank, expected);
    EXPECT_EQ(entry.heartbeat.phase(), "phase " + std::to_string(expected));
    ++expected;
  }
  EXPECT_EQ(expected, mpi.node().size());
  mpi.world().barrier();
  mpi.finalize();
}

TEST(NodeBoard, GivesTheLastWordToOneRank) {
  MpiEnvironment mpi;
  std::uint64_t speakers = mpi.board().claim_error_message() ? 1 : 0;
  mpi.world().all_reduce(std::span(&speakers, 1), Reduction::sum);
  EXPECT_EQ(speakers, 1U);
  EXPECT_FALSE(mpi.board().claim_error_message());
  mpi.finalize();
}

}  // namespace
}  // namespace distload
