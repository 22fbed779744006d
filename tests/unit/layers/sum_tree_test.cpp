// The complete subtrees of a range of segments.
#include "layers/sum_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace distload {

// GoogleTest prints it.
void PrintTo(SumNode const& node, std::ostream* out) { *out << node.first << "+" << node.count; }

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SubtreesOf, AreTheLargestInTheRange) {
  EXPECT_THAT(subtrees_of(8, 0, 8), ElementsAre(SumNode{0, 8}));
  EXPECT_THAT(subtrees_of(8, 4, 4), ElementsAre(SumNode{4, 4}));
  EXPECT_THAT(subtrees_of(8, 1, 6), ElementsAre(SumNode{1, 1}, SumNode{2, 2}, SumNode{4, 2}, SumNode{6, 1}));
  EXPECT_THAT(subtrees_of(48, 16, 16), ElementsAre(SumNode{16, 16}));
  EXPECT_THAT(subtrees_of(48, 12, 12), ElementsAre(SumNode{12, 4}, SumNode{16, 8}));
  EXPECT_THAT(subtrees_of(1, 0, 1), ElementsAre(SumNode{0, 1}));
  EXPECT_THAT(subtrees_of(5, 2, 0), IsEmpty());
}

TEST(SubtreesOf, TakesTheShortSubtreesAtTheEnd) {
  EXPECT_THAT(subtrees_of(7, 0, 7), ElementsAre(SumNode{0, 7}));
  EXPECT_THAT(subtrees_of(7, 4, 3), ElementsAre(SumNode{4, 3}));
  EXPECT_THAT(subtrees_of(7, 3, 4), ElementsAre(SumNode{3, 1}, SumNode{4, 3}));
  EXPECT_THAT(subtrees_of(7, 6, 1), ElementsAre(SumNode{6, 1}));
  EXPECT_THAT(subtrees_of(9, 8, 1), ElementsAre(SumNode{8, 1}));
  EXPECT_THAT(subtrees_of(9, 4, 5), ElementsAre(SumNode{4, 4}, SumNode{8, 1}));
}

/// The order of additions, as text.
std::string tree_of(std::uint32_t first, std::uint32_t count) {
  std::vector<std::string> sums;
  for (std::uint32_t leaf = 0; leaf < count; ++leaf) sums.push_back(std::to_string(first + leaf));
  while (sums.size() > 1) {
    std::vector<std::string> next;
    for (std::size_t i = 0; i < sums.size(); i += 2) {
      next.push_back(i + 1 < sums.size() ? "(" + sums[i] + " " + sums[i + 1] + ")" : sums[i]);
    }
    sums = next;
  }
  return sums.front();
}

TEST(SubtreesOf, AreSubtreesAndCoverTheRange) {
  for (std::uint32_t segments = 1; segments <= 20; ++segments) {
    auto const whole = tree_of(0, segments);
    for (std::uint32_t first = 0; first < segments; ++first) {
      for (std::uint32_t count = 1; first + count <= segments; ++count) {
        auto next = first;
        for (auto const& node : subtrees_of(segments, first, count)) {
          EXPECT_EQ(node.first, next);
          EXPECT_NE(whole.find(tree_of(node.first, node.count)), std::string::npos);
          next += node.count;
        }
        EXPECT_EQ(next, first + count);
      }
    }
  }
}

}  // namespace
}  // namespace distload
