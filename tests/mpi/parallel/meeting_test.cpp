/// Ranks that come for the same, for something else, and not at all.
#include "parallel/meeting.hpp"

#include <thread>

#include <gmock/gmock.h>

#include <distload/base/error.hpp>

#include "parallel/mpi_communicator.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class Meeting : public testing::Test {
 protected:
  bool is_last() const { return rank + 1 == ranks->size(); }

  /// Collective: the message of the exception, or nothing.
  template <class Exception>
  std::string message_of(Intention const& intention, milliseconds limit = milliseconds(20'000)) {
    return thrown_message<Exception>([&] { meet(*ranks, intention, limit); });
  }

  std::unique_ptr<MpiCommunicator> ranks = MpiCommunicator::duplicate(MPI_COMM_WORLD, {});
  std::uint32_t rank = ranks->rank();
};

TEST_F(Meeting, LetsEqualIntentionsPass) {
  for (int i = 0; i < 3; ++i)
    EXPECT_NO_THROW(meet(*ranks, {"Loader::load", {{"load.dtype", "keep"}}}, milliseconds(20'000)));
}

TEST_F(Meeting, WaitsForThoseWhoComeLater) {
  if (is_last()) std::this_thread::sleep_for(milliseconds(700));
  EXPECT_NO_THROW(meet(*ranks, {"Loader::load", {}}, milliseconds(20'000)));
  if (rank == 0) std::this_thread::sleep_for(milliseconds(700));
  EXPECT_NO_THROW(meet(*ranks, {"Loader::load", {}}, milliseconds(20'000)));
}

TEST_F(Meeting, NamesValuesThatDiffer) {
  if (ranks->size() == 1) return;
  auto const message =
      message_of<ConfigError>({"Loader::load", {{"load.dtype", is_last() ? "bf16" : "keep"}, {"load.engine", "auto"}}});
  EXPECT_THAT(message, HasSubstr("Loader::load with different settings: load.dtype is "));
  EXPECT_THAT(message, HasSubstr("'bf16' on rank " + std::to_string(ranks->size() - 1)));
  EXPECT_THAT(message, testing::Not(HasSubstr("load.engine")));
  // The group can still be used.
  EXPECT_NO_THROW(ranks->barrier());
}

TEST_F(Meeting, NamesCallsThatDiffer) {
  if (ranks->size() == 1) return;
  auto const message = message_of<ConfigError>({is_last() ? "Saver::save" : "Loader::load", {}});
  EXPECT_THAT(message, HasSubstr("Saver::save on rank " + std::to_string(ranks->size() - 1)));
  EXPECT_THAT(message, HasSubstr("Loader::load on rank"));
}

TEST_F(Meeting, NamesWhoDoesNotCome) {
  if (ranks->size() == 1) return;
  if (!is_last()) {
    auto const message = message_of<CommunicationError>({"Loader::load", {}}, milliseconds(500));
    EXPECT_THAT(message, testing::MatchesRegex("rank " + std::to_string(ranks->size() - 1) +
                                               ".* has not called Loader::load within 0.5 s"));
  }
  MPI_Barrier(MPI_COMM_WORLD);
  ranks->abandon();
}

TEST_F(Meeting, NamesRank0IfItDoesNotCome) {
  if (ranks->size() == 1) return;
  if (rank != 0) {
    auto const message = message_of<CommunicationError>({"Saver::save", {}}, milliseconds(500));
    EXPECT_THAT(message, testing::MatchesRegex("rank 0.* has not called Saver::save within 0.5 s"));
  }
  MPI_Barrier(MPI_COMM_WORLD);
  ranks->abandon();
}

}  // namespace
}  // namespace distload
