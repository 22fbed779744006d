/// MpiEnvironment in a program that has initialised MPI itself, and the board of its node.
#include <distload/parallel/mpi_environment.hpp>

#include <gtest/gtest.h>
#include <mpi.h>

#include <distload/base/error.hpp>
#include <distload/parallel/watchdog.hpp>

#include "parallel/job_internals.hpp"
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

TEST(MpiEnvironment, RefusesUseAfterItsEnd) {
  MpiEnvironment mpi;
  mpi.finalize();
  EXPECT_THROW(mpi.finalize(), ConfigError);
  EXPECT_THROW(static_cast<void>(mpi.world()), ConfigError);
  EXPECT_THROW(static_cast<void>(mpi.node()), ConfigError);
  EXPECT_THROW(Watchdog(mpi, std::chrono::seconds(1)), ConfigError);
}

TEST(MpiEnvironment, EndsAfterItsWatchdog) {
  MpiEnvironment mpi;
  {
    Watchdog const watchdog(mpi, std::chrono::seconds(60));
    EXPECT_THROW(mpi.finalize(), ConfigError);
  }
  EXPECT_THROW(Watchdog(mpi, std::chrono::milliseconds(0)), ConfigError);
  mpi.world().barrier();
  mpi.finalize();
}

TEST(MpiEnvironment, WaitsForNobodyWhileAnExceptionIsUnderWay) {
  bool is_first = false;
  try {
    MpiEnvironment mpi;
    is_first = mpi.world().rank() == 0;
    // The others go on only when the first rank has left.
    if (!is_first) MPI_Barrier(MPI_COMM_WORLD);
    throw InternalError("");
  } catch (InternalError const&) {
    if (is_first) MPI_Barrier(MPI_COMM_WORLD);
  }
}

TEST(MpiEnvironment, EndsWithoutFinalize) {
  MpiEnvironment mpi;
  EXPECT_FALSE(mpi.library_version().empty());
#if defined(OMPI_MAJOR_VERSION)
  EXPECT_EQ(mpi.io_component(), "romio321");
#else
  EXPECT_EQ(mpi.io_component(), "default");
#endif
  EXPECT_TRUE(mpi.is_thread_multiple());
}

TEST(NodeBoard, ShowsTheHeartbeatsOfAllRanks) {
  MpiEnvironment mpi;
  JobInternals::board(mpi).own().enter("phase " + std::to_string(mpi.world().rank()));
  mpi.world().barrier();
  std::uint32_t expected = 0;
  for (auto const& entry : JobInternals::board(mpi).entries()) {
    EXPECT_EQ(entry.job_rank, expected);
    EXPECT_EQ(entry.heartbeat.phase(), "phase " + std::to_string(expected));
    ++expected;
  }
  EXPECT_EQ(expected, mpi.node().size());
  mpi.world().barrier();
  mpi.finalize();
}

TEST(NodeBoard, GivesTheErrorMessageToOneRank) {
  MpiEnvironment mpi;
  std::uint64_t ranks_with_message = JobInternals::board(mpi).claim_error_message() ? 1 : 0;
  mpi.world().all_reduce(std::span(&ranks_with_message, 1), Reduction::sum);
  EXPECT_EQ(ranks_with_message, 1U);
  EXPECT_FALSE(JobInternals::board(mpi).claim_error_message());
  mpi.finalize();
}

}  // namespace
}  // namespace distload
