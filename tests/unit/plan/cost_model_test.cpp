// Which way of sharing bytes the cost model prefers, and that it says why.
#include "plan/cost_model.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

SharedRead replicated(Bytes nbytes, std::uint64_t ranks) {
  SharedRead shared;
  shared.nbytes = nbytes;
  shared.readers = ranks;
  shared.pieces = (nbytes + 4 * kMiB - 1) / (4 * kMiB);
  shared.wanted_bytes = ranks * nbytes;
  shared.reread_bytes = ranks * nbytes;
  return shared;
}

TEST(ChooseStrategy, NeverReadsTwiceWithTheDefaults) {
  for (std::uint64_t const ranks : {2U, 8U, 64U, 1024U}) {
    for (Bytes const nbytes : {Bytes{64}, 8 * kKiB, 4 * kMiB, kGiB}) {
      EXPECT_NE(choose_strategy(replicated(nbytes, ranks), {}), Strategy::every_rank_reads)
          << ranks << " ranks, " << nbytes << " bytes";
    }
  }
}

TEST(ChooseStrategy, IsStraightForASingleReader) {
  EXPECT_EQ(choose_strategy(replicated(kGiB, 1), {}), Strategy::straight);
}

TEST(ChooseStrategy, SharesOutLargeReads) { EXPECT_EQ(choose_strategy(replicated(kGiB, 8), {}), Strategy::two_phase); }

TEST(ChooseStrategy, ReadsAgainWhereLinksAreSlowerThanStorage) {
  CostModel cost;
  cost.link_bandwidth = cost.storage_bandwidth / 100;
  EXPECT_EQ(choose_strategy(replicated(kGiB, 4), cost), Strategy::every_rank_reads);
}

TEST(ChooseStrategy, ReadsOnceWhereStorageIsFasterThanOneLinkButNotThanAll) {
  CostModel cost;
  cost.storage_bandwidth = 128e9;
  cost.link_bandwidth = 50e9;
  EXPECT_EQ(choose_strategy(replicated(2 * kMiB, 16), cost), Strategy::two_phase);
  cost.storage_bandwidth = 32 * 50e9;
  EXPECT_EQ(choose_strategy(replicated(2 * kMiB, 16), cost), Strategy::every_rank_reads);
}

TEST(ChooseStrategy, BroadcastsWhereRequestsAreDear) {
  CostModel cost;
  cost.request_overhead_seconds = 10;
  cost.storage_bandwidth = 1 * kMiB;
  EXPECT_EQ(choose_strategy(replicated(64 * kMiB, 4), cost), Strategy::broadcast);
}

TEST(Explain, NamesTheChoiceFirstAndThenTheOthers) {
  auto const text = explain(replicated(kGiB, 8), {});
  EXPECT_EQ(text.find("two_phase"), 0U) << text;
  EXPECT_NE(text.find("broadcast"), std::string::npos) << text;
  EXPECT_NE(text.find("every_rank_reads"), std::string::npos) << text;
}

}  // namespace
}  // namespace distload
