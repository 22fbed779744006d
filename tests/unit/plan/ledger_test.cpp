// Sums over ranks and sets of ranks.
#include "plan/ledger/ledger.hpp"

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "small_model.hpp"

namespace distload {
namespace {

/// Four ranks that all hold one parameter.
struct Fixture {
  testing::SmallModel model;
  Topology topology{4, 1, 1};
  PlanOptions options;
  RankSets sets;
  RankSetId all = sets.of(Holders({}, std::nullopt, 1, {8}, topology), {0}).front();

  LoadPlan totals(Ledger& ledger) const {
    LoadPlan plan;
    std::move(ledger).write_totals(sets, plan);
    return plan;
  }
};

TEST(Ledger, CountsWhatASenderKeepsAsReadAndNotAsReceived) {
  Fixture test;
  PlanRequest const request(test.model.catalog, test.model.layout, test.topology, 0, test.options);
  Ledger ledger(request);
  ledger.count_read(1, 100);
  ledger.count_message(1, test.all, 3, 100);
  ledger.count_senders_part(1, 100);
  auto const plan = test.totals(ledger);
  EXPECT_EQ(plan.storage_read_bytes, 100U);
  EXPECT_EQ(plan.exchanged_bytes, 300U);
  EXPECT_EQ(plan.ranks[1].requests, 1U);
  EXPECT_EQ(plan.ranks[1].received_bytes, 0U);
  EXPECT_EQ(plan.ranks[2].received_bytes, 100U);
  EXPECT_TRUE(plan.has_messages);
  EXPECT_FALSE(plan.writes_to_peers);
}

TEST(Ledger, CountsShardsAndWritesToPeers) {
  Fixture test;
  PlanRequest const request(test.model.catalog, test.model.layout, test.topology, 0, test.options);
  Ledger ledger(request);
  ledger.count_shard(test.all, 512, false);
  ledger.count_shard(test.all, 1024, true);
  ledger.count_peer_write(0, 3, 7);
  auto const plan = test.totals(ledger);
  EXPECT_EQ(plan.ranks[2].resident_bytes, 1536U);
  EXPECT_EQ(plan.ranks[2].view_bytes, 1024U);
  EXPECT_EQ(plan.ranks[0].sent_bytes, 7U);
  EXPECT_EQ(plan.ranks[3].received_bytes, 7U);
  EXPECT_FALSE(plan.has_messages);
  EXPECT_TRUE(plan.writes_to_peers);
}

TEST(Ledger, RefusesWhatNoSlotHolds) {
  Fixture test;
  PlanRequest const request(test.model.catalog, test.model.layout, test.topology, 0, test.options);
  Ledger ledger(request);
  std::uint32_t const rank = 2;
  StagingNeed need{{&rank, 1}, test.options.staging_bytes};
  EXPECT_EQ(ledger.wave_of_staged_work({&need, 1}, "w"), 0U);
  ++need.nbytes;
  EXPECT_THROW(ledger.wave_of_staged_work({&need, 1}, "w"), OutOfBudget);
  EXPECT_EQ(test.totals(ledger).ranks[2].staging_bytes, test.options.staging_bytes);
}

TEST(Ledger, HoldsNoMemoryForWavesOfMappedFiles) {
  Fixture test;
  test.options.files_are_mapped = true;
  PlanRequest const request(test.model.catalog, test.model.layout, test.topology, 0, test.options);
  Ledger ledger(request);
  EXPECT_EQ(ledger.wave_of_node_read(0, kGiB), 0U);
  EXPECT_EQ(ledger.wave_of_node_read(0, 1), 1U) << "the first one filled its wave";
  EXPECT_EQ(test.totals(ledger).ranks[0].staging_bytes, 0U);
}

}  // namespace
}  // namespace distload
