/// Chunks cut into contiguous boxes.
#include "checkpoint/hdf5/chunk_boxes.hpp"

#include <gtest/gtest.h>

namespace distload::hdf5 {
namespace {

struct Case {
  Shape shape;
  Dims chunk;
  Dims position;
  std::vector<ChunkPart> parts;
};

Case const kCases[] = {
    {{8, 6}, {4, 6}, {4, 0}, {{{{4, 0}, {4, 6}}, 0}}},  // inside
    {{7, 6}, {4, 6}, {4, 0}, {{{{4, 0}, {3, 6}}, 0}}},  // sticks out below: still one run
    {{2, 5},
     {2, 3},
     {0, 3},
     {{{{0, 3}, {1, 2}}, 0}, {{{1, 3}, {1, 2}}, 3}}},   // sticks out to the right: one run per row
    {{1, 5}, {2, 3}, {0, 3}, {{{{0, 3}, {1, 2}}, 0}}},  // only one row
    {{3, 2, 4}, {2, 2, 4}, {2, 0, 0}, {{{{2, 0, 0}, {1, 2, 4}}, 0}}},
    {{2, 3, 4}, {2, 2, 4}, {0, 2, 0}, {{{{0, 2, 0}, {1, 1, 4}}, 0}, {{{1, 2, 0}, {1, 1, 4}}, 8}}},
    {{5}, {4}, {4}, {{{{4}, {1}}, 0}}},
};

TEST(PartsOfChunk, AreTheContiguousStretchesInsideTheTensor) {
  for (auto const& [shape, chunk, position, expected] : kCases) {
    auto const parts = parts_of_chunk(shape, chunk, position);
    ASSERT_EQ(parts.size(), expected.size()) << to_string(shape);
    EXPECT_EQ(count_parts_of_chunk(shape, chunk, position), expected.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(parts[i].box, expected[i].box) << to_string(parts[i].box);
      EXPECT_EQ(parts[i].first_element, expected[i].first_element) << to_string(parts[i].box);
    }
  }
}

TEST(PartsOfChunk, OfAllChunksCoverTheTensorOnce) {
  Shape const shape{5, 7, 3};
  Dims const chunk{2, 4, 2};
  std::vector<int> covered(volume(shape));
  for (std::uint64_t i = 0; i < 5; i += 2) {
    for (std::uint64_t j = 0; j < 7; j += 4) {
      for (std::uint64_t k = 0; k < 3; k += 2) {
        for (auto const& part : parts_of_chunk(shape, chunk, {i, j, k})) {
          EXPECT_TRUE(is_contiguous_in(chunk, {{0, 0, 0}, part.box.extent}));
          for (std::uint64_t a = 0; a < part.box.extent[0]; ++a) {
            for (std::uint64_t b = 0; b < part.box.extent[1]; ++b) {
              for (std::uint64_t c = 0; c < part.box.extent[2]; ++c) {
                ++covered[linear_index(shape,
                                       {part.box.offset[0] + a, part.box.offset[1] + b, part.box.offset[2] + c})];
              }
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(covered, std::vector<int>(volume(shape), 1));
}

TEST(CountChunks, CountsEdgesAndRefusesOverflow) {
  EXPECT_EQ(count_chunks({8, 6}, {4, 6}), 2U);
  EXPECT_EQ(count_chunks({9, 6}, {4, 5}), 6U);
  EXPECT_EQ(count_chunks({0, 6}, {4, 5}), 0U);
  auto const huge = std::uint64_t{1} << 40U;
  EXPECT_EQ(count_chunks({huge, huge}, {1, 1}), std::nullopt);
}

}  // namespace
}  // namespace distload::hdf5
