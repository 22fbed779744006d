/// One rank's failure becomes every rank's exception.
#include "parallel/all_or_throw.hpp"

#include <memory>
#include <new>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/system.hpp"
#include "parallel/mpi_communicator.hpp"

namespace distload {
namespace {

class AllOrThrow : public testing::Test {
 protected:
  /// Runs `local` on all ranks and returns what it threw.
  template <class F>
  std::optional<Failure> failure_of(F local) {
    try {
      all_or_throw(*ranks, "test", local);
      return std::nullopt;
    } catch (...) {
      return current_failure("outside");
    }
  }

  std::unique_ptr<MpiCommunicator> const ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  std::uint32_t const rank = ranks->rank();
  std::uint32_t const size = ranks->size();

  /// What stands before the message of a rank that did not fail together with all others.
  std::string prefix(std::uint32_t speaker) const { return size == 1 ? "" : rank_on_this_host(speaker) + ": "; }
};

TEST_F(AllOrThrow, ReturnsWhatTheWorkReturns) {
  EXPECT_EQ(all_or_throw(*ranks, "test", [&] { return rank * 2; }), rank * 2);
  auto const moved = all_or_throw(*ranks, "test", [&] { return std::make_unique<int>(7); });
  EXPECT_EQ(*moved, 7);
  int calls = 0;
  all_or_throw(*ranks, "test", [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST_F(AllOrThrow, BringsTheFailureOfAnyRankToAll) {
  for (std::uint32_t failing = 0; failing < size; ++failing) {
    auto const failure = failure_of([&] {
      if (rank == failing) throw IoError("disk " + std::to_string(rank));
    });
    EXPECT_EQ(failure, (Failure{ExitCode::io, prefix(failing) + "disk " + std::to_string(failing)}));
  }
}

TEST_F(AllOrThrow, LetsTheLowestOfSeveralSpeak) {
  auto const failure = failure_of([&] {
    if (rank >= size / 2) throw CorruptData("block " + std::to_string(rank));
  });
  EXPECT_EQ(failure, (Failure{ExitCode::corrupt_data, prefix(size / 2) + "block " + std::to_string(size / 2)}));
}

TEST_F(AllOrThrow, NamesNoRankIfAllSayTheSame) {
  EXPECT_EQ(failure_of([] { throw ConfigError("wrong"); }), (Failure{ExitCode::config, "wrong"}));
}

TEST_F(AllOrThrow, NamesTheRankIfAllFailInDifferentWords) {
  if (size == 1) GTEST_SKIP() << "needs two ranks";
  auto const failure = failure_of([&] { throw ConfigError("wrong " + std::to_string(rank)); });
  EXPECT_EQ(failure, (Failure{ExitCode::config, rank_on_this_host(0) + ": wrong 0"}));
}

TEST_F(AllOrThrow, ThrowsTheTypeOfTheFailureOnRanksThatDidNotFail) {
  EXPECT_THROW(all_or_throw(*ranks, "test",
                            [&] {
                              if (rank == 0) throw CorruptData("x");
                            }),
               CorruptData);
  EXPECT_THROW(all_or_throw(*ranks, "test",
                            [&] {
                              if (rank == size - 1) throw std::bad_alloc();
                            }),
               OutOfBudget);
  EXPECT_THROW(all_or_throw(*ranks, "test",
                            [&] {
                              if (rank == 0) throw std::runtime_error("x");
                            }),
               InternalError);
}

TEST_F(AllOrThrow, CanBeUsedAgainAfterAFailure) {
  EXPECT_NE(failure_of([&] { throw IoError("once"); }), std::nullopt);
  EXPECT_EQ(failure_of([] {}), std::nullopt);
}

}  // namespace
}  // namespace distload
