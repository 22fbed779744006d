/// Which ranks see the same files.
#include "parallel/file_views.hpp"

#include <gtest/gtest.h>

#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

TEST(FileViews, AreOneOnOneMachine) {
  auto const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  FileViews const views(*ranks);
  EXPECT_TRUE(views.are_one());
  EXPECT_EQ(views.is_first(ranks->rank()), ranks->rank() == 0);
}

TEST(FileViews, HaveAFirstRankEach) {
  FileViews const views({0, 0, 2, 2, 0});
  EXPECT_FALSE(views.are_one());
  EXPECT_TRUE(views.is_first(0));
  EXPECT_FALSE(views.is_first(1));
  EXPECT_TRUE(views.is_first(2));
  EXPECT_FALSE(views.is_first(4));
}

}  // namespace
}  // namespace distload
