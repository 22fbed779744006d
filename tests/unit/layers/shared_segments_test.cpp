// Segments of an axis, who holds them, and the additions of what the ranks hold.
#include "layers/segments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layers/group_sum.hpp"

namespace distload {
namespace {

using ::testing::ElementsAre;

std::vector<Range> equal_parts(std::uint64_t width, std::uint32_t ranks) {
  std::vector<Range> parts;
  for (std::uint32_t rank = 0; rank < ranks; ++rank)
    parts.push_back({width * rank / ranks, width * (rank + 1) / ranks});
  return parts;
}

TEST(SegmentsOfWidth, AreAsManyAsRanksCanShare) {
  EXPECT_EQ(segments_of_width(96), 48U);
  EXPECT_EQ(segments_of_width(11008), 16U);
  EXPECT_EQ(segments_of_width(14336), 16U);
  EXPECT_EQ(segments_of_width(36), 12U);
  EXPECT_EQ(segments_of_width(1536), 48U);
  EXPECT_EQ(segments_of_width(7), 1U);
}

TEST(ShareSegments, GivesEachRankItsSubtrees) {
  auto const shared = share_segments(96, 48, equal_parts(96, 4), 1);
  EXPECT_TRUE(shared.is_exact);
  // The second of four ranks holds segments 12 to 23: 4 and then 8 of them are whole subtrees.
  EXPECT_THAT(shared.nodes[1], ElementsAre(SumNode{12, 4}, SumNode{16, 8}));
  EXPECT_THAT(shared.local.nodes, ElementsAre(SumNode{0, 4}, SumNode{4, 8}));
  EXPECT_EQ(shared.local.borders.size(), 13U);
  EXPECT_EQ(shared.local.borders.back(), 24U);
}

TEST(ShareSegments, CutsBesideBordersAreNotExact) {
  auto const shared = share_segments(10, 2, {{0, 4}, {4, 7}, {7, 10}}, 2);
  EXPECT_FALSE(shared.is_exact);
  EXPECT_THAT(shared.local.borders, ElementsAre(0U, 3U));
  EXPECT_EQ(shared.nodes.size(), 3U);
}

/// The sum of all segments, as a text of the order in which they are added.
std::string order_of(std::uint32_t segments, std::uint32_t ranks) {
  auto const shared = share_segments(segments, segments, equal_parts(segments, ranks), 0);
  std::vector<SumNode> nodes;
  std::vector<std::string> sums;
  for (auto const& of_rank : shared.nodes) {
    for (auto const& node : of_rank) {
      std::vector<SumNode> leaves;
      std::vector<std::string> parts;
      for (std::uint32_t i = 0; i < node.count; ++i) {
        leaves.push_back({i, 1});
        parts.push_back(std::to_string(node.first + i));
      }
      for (auto const& addition : additions_of(leaves, node.count, true)) {
        parts[addition.to] = "(" + parts[addition.to] + " " + parts[addition.from] + ")";
      }
      nodes.push_back(node);
      sums.push_back(parts.front());
    }
  }
  for (auto const& addition : additions_of(nodes, segments, true)) {
    sums[addition.to] = "(" + sums[addition.to] + " " + sums[addition.from] + ")";
  }
  return sums.front();
}

TEST(AdditionsOf, HaveOneOrderOnAnyNumberOfRanks) {
  EXPECT_EQ(order_of(6, 1), "(((0 1) (2 3)) (4 5))");
  for (auto const segments : {1U, 2U, 6U, 12U, 16U, 32U, 48U}) {
    for (auto const ranks : {1U, 2U, 3U, 4U, 6U, 8U, 12U, 16U, 24U, 48U}) {
      if (segments % ranks != 0) continue;
      EXPECT_EQ(order_of(segments, ranks), order_of(segments, 1)) << segments << ", " << ranks;
    }
  }
}

}  // namespace
}  // namespace distload
