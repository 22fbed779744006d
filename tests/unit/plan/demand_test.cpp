// Who wants what of an extent, and where it goes in one run.
#include "plan/demand/demand.hpp"

#include <gtest/gtest.h>

#include "plan/demand/shards_in_file.hpp"
#include "small_model.hpp"

namespace distload {
namespace {

using testing::cut_along;
using testing::SmallModel;

Demand demand_of(SmallModel const& model, Topology const& topology, DType dtype = DType::f32) {
  return {model.catalog, model.layout.parameters[0], dtype, topology};
}

TEST(Demand, HasASegmentForEachPartAndCountsItsReplicas) {
  SmallModel model;
  model.add({8, 4}, cut_along(0, 8));
  auto const demand = demand_of(model, {2, 1, 3});
  ASSERT_EQ(demand.segments().size(), 2U);
  for (std::uint32_t part = 0; part < 2; ++part) {
    auto const& [extent, segment, groups, shared] = demand.segments()[part];
    EXPECT_EQ(extent, 0U);
    EXPECT_EQ(segment.begin_bytes, part * 64);
    EXPECT_EQ(segment.nbytes(), 64U);
    EXPECT_EQ(groups, std::vector{part});
    EXPECT_EQ(shared.readers, 3U);
    EXPECT_EQ(shared.wanted_bytes, 3 * 64U);
  }
}

TEST(Demand, HasOneSegmentOfAllPartsOfRows) {
  SmallModel model;
  model.add({8, 4}, cut_along(1, 4));
  auto const demand = demand_of(model, {2, 1, 1});
  ASSERT_EQ(demand.segments().size(), 1U);
  EXPECT_EQ(demand.segments()[0].groups, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(demand.segments()[0].shared.wanted_bytes, 128U);
  EXPECT_EQ(demand.segments()[0].shared.reread_bytes, 2 * 128U);
}

TEST(Demand, SaysWhereAPartLiesInOneRunOfAShard) {
  SmallModel model;
  model.add({8, 4}, cut_along(0, 8));
  auto const demand = demand_of(model, {2, 1, 1});
  auto const parts = demand.parts_of(demand.segments()[1], {80, 112});
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].group, 1U);
  EXPECT_EQ(parts[0].nbytes, 32U);
  EXPECT_EQ(parts[0].shard_run, Bytes{16});
}

TEST(Demand, HasNoRunOfPartsOfRowsOrOfElementsThatChange) {
  SmallModel rows;
  rows.add({8, 4}, cut_along(1, 4));
  SmallModel transposed;
  transposed.add({8, 4}, {}).transposed = true;
  SmallModel cast;
  cast.add({8, 4}, {});
  for (auto const& demand :
       {demand_of(rows, {2, 1, 1}), demand_of(transposed, {1, 1, 1}), demand_of(cast, {1, 1, 1}, DType::bf16)}) {
    for (auto const& part : demand.parts_of(demand.segments()[0], {0, 128})) EXPECT_FALSE(part.shard_run);
  }
}

TEST(Demand, OfOneGroupLeavesOutTheOthers) {
  SmallModel model;
  model.add({8, 4}, cut_along(1, 4));
  auto const demand = demand_of(model, {2, 1, 1});
  auto const parts = demand.parts_of(demand.segments()[0], {0, 128}, 1);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].group, 1U);
  EXPECT_EQ(parts[0].nbytes, 64U);
}

TEST(Demand, HasNoSegmentsOfAParameterWithoutElements) {
  SmallModel model;
  model.add({0, 4}, {});
  EXPECT_TRUE(demand_of(model, {2, 1, 1}).segments().empty());
}

TEST(ShardsInFile, AreThoseThatStandTogetherAndAreLargeEnough) {
  SmallModel columns;
  columns.add({8, 4}, cut_along(0, 8));
  auto const demand = demand_of(columns, {2, 1, 1});
  auto const shards = shards_in_file(demand, 64);
  ASSERT_EQ(shards.size(), 2U);
  ASSERT_TRUE(shards[1]);
  EXPECT_EQ(shards[1]->begin_bytes, 64U);
  EXPECT_FALSE(shards_in_file(demand, 65)[1]);

  SmallModel rows;
  rows.add({8, 4}, cut_along(1, 4));
  EXPECT_FALSE(shards_in_file(demand_of(rows, {2, 1, 1}), 0)[0]);
}

TEST(Holders, NameTheRanksOfAGroupStageByStage) {
  // Two heads for four ranks: neighbours share one.
  Holders const holders({PartitionKind::column_parallel, 0, {{2, 1, true}}}, std::nullopt, 2, {2, 4}, {4, 2, 2});
  ASSERT_EQ(holders.groups().size(), 2U);
  EXPECT_EQ(holders.rank_count(1), 8U);
  std::vector<std::uint32_t> const stages{0, 1};
  EXPECT_EQ(holders.ranks_of(holders.groups()[1], stages), (std::vector<std::uint32_t>{2, 3, 6, 7, 10, 11, 14, 15}));
  EXPECT_EQ(holders.group_of(13), 0U);
  EXPECT_EQ(holders.group_of(14), 1U);
}

}  // namespace
}  // namespace distload
