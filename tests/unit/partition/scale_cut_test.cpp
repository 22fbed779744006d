// Scales of quantized weights.
#include "partition/scale_cut.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

using ::testing::HasSubstr;

Partition column(std::vector<Section> sections) { return {PartitionKind::column_parallel, 0, std::move(sections)}; }

TEST(ScaledNames, FindsTheWeight) {
  auto const blocks = scaled_names("a.q_proj.weight_scale_inv");
  ASSERT_TRUE(blocks);
  EXPECT_EQ(blocks->weight, "a.q_proj.weight");
  auto const input = scaled_names("a.q_proj.input_scale");
  ASSERT_TRUE(input);
  EXPECT_EQ(input->module, "a.q_proj.weight");
  EXPECT_EQ(scaled_names("experts.gate_up_proj_scale_inv")->weight, "experts.gate_up_proj");
  EXPECT_FALSE(scaled_names("a.scale.weight"));
}

TEST(CutScale, CutsBlocksWhereTheWeightIsCut) {
  Shape const weight{4 * 192, 512};
  auto const by_heads = column({{4 * 192, 192, false, false}});
  EXPECT_EQ(cut_scale(by_heads, weight, {}, {}).partition, Partition{}) << "one for all";
  EXPECT_EQ(cut_scale(by_heads, weight, {1}, {}).partition, Partition{});
  EXPECT_EQ(cut_scale(by_heads, weight, {6, 4}, {}).partition, column({{6, 1, false, false}}));
  EXPECT_EQ(cut_scale(by_heads, weight, {4 * 192, 1}, {}).partition, column({{4 * 192, 192, false, false}}));
  EXPECT_EQ(cut_scale(by_heads, weight, {4 * 192}, {}).partition, column({{4 * 192, 192, false, false}}));
  Partition const row{PartitionKind::row_parallel, 1, {{512, 128, false, false}}};
  EXPECT_EQ(cut_scale(row, weight, {6, 4}, {}).partition,
            (Partition{PartitionKind::row_parallel, 1, {{4, 1, false, false}}}));
  EXPECT_EQ(cut_scale(row, weight, {4 * 192, 1}, {}).partition, Partition{})
      << "one for each row, which every rank needs";
  EXPECT_EQ(cut_scale(row, weight, {4 * 192}, {}).partition, Partition{});
  EXPECT_EQ(cut_scale({}, weight, {6, 4}, {}).partition, Partition{});
  EXPECT_THROW(cut_scale(by_heads, weight, {500, 4}, {}), RuleProblem);
}

TEST(CutScale, KeepsHeadsThatSeveralRanksShare) {
  auto const heads = column({{2 * 256, 256, true, false}});
  EXPECT_EQ(cut_scale(heads, {512, 64}, {4, 1}, {}).partition, column({{4, 2, true, false}}));
}

TEST(CutScale, TakesTheBlocksThatConfigJsonNames) {
  auto const odd = column({{500, 1, false, false}});
  EXPECT_EQ(cut_scale(odd, {500, 8}, {4, 1}, 128).block, 128U);
  EXPECT_EQ(cut_scale(odd, {500, 8}, {4, 1}, {}).block, 125U);
  EXPECT_EQ(cut_scale(odd, {500, 8}, {500, 1}, 128).block, 1U) << "one for each row";
  EXPECT_THROW(cut_scale(odd, {500, 8}, {3, 1}, 128), RuleProblem);
  EXPECT_THROW(cut_scale(odd, {500, 8}, {3, 1}, {}), RuleProblem) << "the last block is smaller, by nobody knows what";
}

TEST(MisalignedScale, WantsPartsToEndAtBlocks) {
  Shape const weight{4 * 192, 512};
  auto const by_heads = column({{4 * 192, 192, false, false}});
  auto const cut = cut_scale(by_heads, weight, {6, 4}, 128);
  EXPECT_EQ(misaligned_scale(by_heads, weight, cut, 1), std::nullopt);
  EXPECT_EQ(misaligned_scale(by_heads, weight, cut, 2), std::nullopt);
  EXPECT_THAT(misaligned_scale(by_heads, weight, cut, 4).value_or(""),
              HasSubstr("a scale for every 128 elements along axis 0, but with 4 tensor-parallel ranks"));
  auto const odd = column({{500, 1, false, false}});
  EXPECT_NE(misaligned_scale(odd, {500, 8}, cut_scale(odd, {500, 8}, {4, 1}, 128), 2), std::nullopt);
  Partition const vocabulary{PartitionKind::vocab_parallel, 0, {{512, 1, false, false}}};
  auto const of_vocabulary = cut_scale(vocabulary, {512, 8}, {4, 1}, {});
  EXPECT_EQ(misaligned_scale(vocabulary, {512, 8}, of_vocabulary, 4), std::nullopt);
  EXPECT_NE(misaligned_scale(vocabulary, {512, 8}, of_vocabulary, 8), std::nullopt);
}

}  // namespace
}  // namespace distload::rules
