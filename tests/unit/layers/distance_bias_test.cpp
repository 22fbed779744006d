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

/// The shortest distance of each bucket of tokens before.
std::vector<std::uint32_t> shortest_distances(RelativeBias const& bias) {
  auto const buckets = distance_buckets(bias);
  std::vector<std::uint32_t> shortest{0};
  for (std::uint32_t distance = 1; distance <= bias.max_distance; ++distance) {
    auto const at = bias.max_distance - distance;
    if (buckets[at] != buckets[at + 1]) shortest.push_back(distance);
  }
  return shortest;
}

TEST(DistanceBuckets, GrowWider) {
  EXPECT_THAT(shortest_distances({.bidirectional = true}),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91));
  EXPECT_THAT(shortest_distances({.bidirectional = false}),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31, 35, 40, 46, 52,
                          59, 67, 77, 87, 99, 113));
}

}  // namespace
}  // namespace distload
