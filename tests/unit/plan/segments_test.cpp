// How an extent is cut where its wants change.
#include "plan/demand/segments.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

constexpr Bytes kBlock = 16;

Extent extent_of(Shape const& shape, Bytes element_bytes, bool checksums) {
  Extent extent;
  extent.box = whole(shape);
  extent.nbytes = volume(shape) * element_bytes;
  if (checksums) extent.first_block = 0;
  return extent;
}

struct Expected {
  Bytes begin;
  Bytes end;
  std::vector<std::uint32_t> wants;
};

void expect_segments(std::vector<Segment> const& segments, std::vector<Expected> const& expected) {
  ASSERT_EQ(segments.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(segments[i].begin_bytes, expected[i].begin) << i;
    EXPECT_EQ(segments[i].end_bytes, expected[i].end) << i;
    EXPECT_EQ(segments[i].wants, expected[i].wants) << i;
  }
}

TEST(CoveringRange, IsExactForBoxesThatAreContiguous) {
  auto const extent = extent_of({10, 6}, 2, false);
  auto const rows = covering_range(extent, {{3, 0}, {2, 6}}, 2);
  EXPECT_EQ(rows.begin, 36U);
  EXPECT_EQ(rows.end, 60U);
  auto const part_of_a_row = covering_range(extent, {{3, 2}, {1, 3}}, 2);
  EXPECT_EQ(part_of_a_row.begin, 40U);
  EXPECT_EQ(part_of_a_row.end, 46U);
}

TEST(CoveringRange, TakesWholeRowsOfAColumnSlice) {
  auto const range = covering_range(extent_of({10, 6}, 2, false), {{3, 2}, {2, 3}}, 2);
  EXPECT_EQ(range.begin, 36U);
  EXPECT_EQ(range.end, 60U);
}

TEST(SegmentsOf, AreTheWantsThemselvesWithoutChecksums) {
  std::vector<Want> const wants{{0, 0, {{0, 0}, {5, 6}}}, {1, 0, {{5, 0}, {5, 6}}}};
  expect_segments(segments_of(extent_of({10, 6}, 1, false), wants, 1, kBlock), {{0, 30, {0}}, {30, 60, {1}}});
}

TEST(SegmentsOf, ShareTheBlockThatStraddlesWithChecksums) {
  std::vector<Want> const wants{{0, 0, {{0, 0}, {5, 6}}}, {1, 0, {{5, 0}, {5, 6}}}};
  expect_segments(segments_of(extent_of({10, 6}, 1, true), wants, 1, kBlock),
                  {{0, 16, {0}}, {16, 32, {0, 1}}, {32, 60, {1}}});
}

TEST(SegmentsOf, AreOneForColumnSlices) {
  std::vector<Want> const wants{{0, 0, {{0, 0}, {10, 3}}}, {1, 0, {{0, 3}, {10, 3}}}};
  expect_segments(segments_of(extent_of({10, 6}, 1, false), wants, 1, kBlock), {{0, 60, {0, 1}}});
}

TEST(SegmentsOf, LeaveOutWhatNobodyWants) {
  std::vector<Want> const wants{{0, 0, {{0, 0}, {2, 6}}}, {1, 0, {{8, 0}, {2, 6}}}};
  expect_segments(segments_of(extent_of({10, 6}, 1, true), wants, 1, kBlock), {{0, 16, {0}}, {48, 60, {1}}});
}

TEST(CutIntoPieces, KeepsToBlocksWithChecksumsAndToRowsWithout) {
  EXPECT_EQ(cut_into_pieces(extent_of({10, 6}, 1, true), 16, 60, 1, kBlock), (std::vector<Bytes>{16, 32, 48, 60}));
  EXPECT_EQ(cut_into_pieces(extent_of({10, 6}, 1, false), 6, 60, 1, kBlock),
            (std::vector<Bytes>{6, 12, 24, 36, 48, 60}));
  EXPECT_EQ(cut_into_pieces(extent_of({2, 30}, 1, false), 0, 60, 1, kBlock), (std::vector<Bytes>{0, 16, 32, 48, 60}));
}

}  // namespace
}  // namespace distload
