// Bands cover a box without overlap, in the order of memory, and are small enough.
#include "redistribute/plan/bands.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace distload {
namespace {

TEST(Bands, DivideTheOutermostAxis) {
  Bands const bands({{2, 0}, {5, 10}}, 4, 100, false);
  ASSERT_EQ(bands.count(), 3U);
  EXPECT_EQ(bands[0], (Box{{2, 0}, {2, 10}}));
  EXPECT_EQ(bands[2], (Box{{6, 0}, {1, 10}}));
}

TEST(Bands, FollowTheMemoryOfATransposedBox) {
  Bands const bands({{0, 0}, {10, 4}}, 4, 40, true);
  ASSERT_EQ(bands.count(), 4U);
  EXPECT_EQ(bands[1], (Box{{0, 1}, {10, 1}}));
}

TEST(Bands, DivideAnInnerAxisWhereOneIndexIsTooLarge) {
  Bands const bands({{0, 0, 0}, {2, 4, 8}}, 1, 16, false);
  ASSERT_EQ(bands.count(), 4U);
  EXPECT_EQ(bands[1], (Box{{0, 2, 0}, {1, 2, 8}}));
  EXPECT_EQ(bands[2], (Box{{1, 0, 0}, {1, 2, 8}}));
}

TEST(Bands, KnowScalarsAndLargeElements) {
  EXPECT_EQ(Bands({{}, {}}, 4, 1, false).count(), 1U);
  EXPECT_EQ(Bands({{0}, {3}}, 8, 4, false).count(), 3U);
}

TEST(Bands, CoverEveryElementOnce) {
  for (bool const transposed : {false, true}) {
    for (Bytes const most : {1U, 7U, 12U, 30U, 1000U}) {
      Box const box{{1, 2, 3}, {3, 4, 5}};
      Bands const bands(box, 2, most, transposed);
      std::vector<int> hits(4 * 6 * 8);
      for (std::uint64_t i = 0; i < bands.count(); ++i) {
        auto const band = bands[i];
        EXPECT_TRUE(contains(box, band));
        for (auto x = band.offset[0]; x < band.offset[0] + band.extent[0]; ++x)
          for (auto y = band.offset[1]; y < band.offset[1] + band.extent[1]; ++y)
            for (auto z = band.offset[2]; z < band.offset[2] + band.extent[2]; ++z) ++hits[(x * 6 + y) * 8 + z];
      }
      int sum = 0;
      for (auto const hit : hits) {
        EXPECT_LE(hit, 1);
        sum += hit;
      }
      EXPECT_EQ(sum, 60);
    }
  }
}

}  // namespace
}  // namespace distload
