// Topologies that fit, of a model whose memory is told by a formula.
#include "plan/what_fits.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

constexpr Bytes kModel = 960;
constexpr std::uint32_t kHeads = 12;

/// A model that is divided evenly, over tensor-parallel ranks that divide its heads, and 10 bytes of staging.
std::optional<Bytes> needed(Topology const& topology) {
  if (kHeads % topology.tensor_parallel != 0) return std::nullopt;
  return kModel / topology.tensor_parallel / topology.pipeline_parallel + 10;
}

FitSearch search(Topology const& topology, Bytes limit) {
  return {.topology = topology, .limit = limit, .least_total = kModel, .layers = 8};
}

TEST(WhatFits, FindsTheSmallestInEachDirection) {
  auto const found = what_fits(search({2, 1, 4}, 170), needed);
  ASSERT_TRUE(found.tensor && found.pipeline && found.fewest && found.same_ranks);
  EXPECT_EQ(found.tensor->topology, (Topology{6, 1, 4, 1}));
  EXPECT_EQ(found.tensor->needed_bytes, 170U);
  EXPECT_EQ(found.pipeline->topology, (Topology{2, 3, 4, 1}));
  EXPECT_EQ(found.fewest->topology, (Topology{6, 1, 1, 1})) << "6 ranks: one stage rather than several";
  EXPECT_EQ(found.same_ranks->topology, (Topology{4, 2, 1, 1})) << "of the 8 ranks there are now";
}

TEST(WhatFits, SkipsWhatCannotBeCut) {
  auto const found = what_fits(search({1, 1, 1}, 10 + kModel / 5), needed);
  EXPECT_EQ(found.tensor->topology.tensor_parallel, 6U) << "5 does not divide the heads";
  EXPECT_EQ(found.pipeline->topology.pipeline_parallel, 5U);
  EXPECT_EQ(found.fewest->topology, (Topology{1, 5, 1, 1}));
  EXPECT_FALSE(found.same_ranks);
}

TEST(WhatFits, FindsNothingWhereNothingFits) {
  auto const found = what_fits(search({1, 1, 1}, 9), needed);
  EXPECT_FALSE(found.tensor || found.pipeline || found.fewest || found.same_ranks);
}

TEST(WhatFits, TriesNoMoreThanItMay) {
  std::uint32_t calls = 0;
  auto limited = search({1, 1, 1}, 9);
  limited.least_total = 0;
  limited.most_tries = 20;
  what_fits(limited, [&](Topology const& topology) {
    ++calls;
    return needed(topology);
  });
  EXPECT_EQ(calls, 20U);
}

TEST(WhatFits, TriesNothingThatCannotHoldTheModel) {
  what_fits(search({1, 1, 1}, 170), [](Topology const& topology) {
    EXPECT_GE(topology.ranks(), 6U);
    return needed(topology);
  });
}

}  // namespace
}  // namespace distload
