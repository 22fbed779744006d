// Buckets of distances against those of transformers.
#include "layers/distance_bias.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace distload {
namespace {

using ::testing::ElementsAre;

TEST(DistanceBuckets, AreOfTokensBeforeAndBehind) {
  // From T5Attention._relative_position_bucket(arange(-16, 17), True, 8, 16).
  EXPECT_THAT(
      distance_buckets({.buckets = 8, .max_distance = 16, .bidirectional = true}),
      ElementsAre(3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 1, 0, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7));
}

TEST(DistanceBuckets, AreOfTokensBeforeOnly) {
  // From T5Attention._relative_position_bucket(arange(-16, 17), False, 8, 16).
  EXPECT_THAT(
      distance_buckets({.buckets = 8, .max_distance = 16, .bidirectional = false}),
      ElementsAre(7, 7, 7, 7, 7, 6, 6, 6, 6, 5, 5, 4, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
}

TEST(DistanceBuckets, GrowToTheLastOne) {
  auto const buckets = distance_buckets({});
  ASSERT_EQ(buckets.size(), 257U);
  for (std::size_t i = 1; i < 129; ++i) EXPECT_LE(buckets[i], buckets[i - 1]) << i;
  EXPECT_EQ(buckets.front(), 31U);
  EXPECT_EQ(buckets[128 - 15], 15U);
  EXPECT_EQ(buckets[128 - 16], 16U);
  EXPECT_EQ(buckets[128], 0U);
}

}  // namespace
}  // namespace distload
