// Index arithmetic on boxes, by tables and against enumeration.
#include <distload/tensor/box.hpp>

#include <gtest/gtest.h>

#include <random>

namespace distload {
namespace {

TEST(Intersection, IsTheCommonPartOrNothing) {
  struct Case {
    Box a;
    Box b;
    std::optional<Box> expected;
  };
  std::vector<Case> const cases{
      {{{0, 0}, {4, 4}}, {{2, 1}, {4, 2}}, Box{{2, 1}, {2, 2}}},
      {{{0, 0}, {4, 4}}, {{0, 0}, {4, 4}}, Box{{0, 0}, {4, 4}}},
      {{{0}, {4}}, {{4}, {4}}, std::nullopt},
      {{{0}, {0}}, {{0}, {4}}, std::nullopt},
      {{{}, {}}, {{}, {}}, Box{{}, {}}},
  };
  for (auto const& [a, b, expected] : cases) {
    EXPECT_EQ(intersection(a, b), expected) << to_string(a) << " and " << to_string(b);
    EXPECT_EQ(intersection(b, a), expected);
  }
}

TEST(UnionVolume, CountsEveryElementOnce) {
  EXPECT_EQ(union_volume({}), 0U);
  std::vector<Box> const scalar{{{}, {}}, {{}, {}}};
  EXPECT_EQ(union_volume(scalar), 1U);
  std::vector<Box> const cross{{{1, 0}, {1, 3}}, {{0, 1}, {3, 1}}, {{1, 1}, {1, 1}}};
  EXPECT_EQ(union_volume(cross), 5U);
  std::vector<Box> const apart{{{0, 0}, {2, 2}}, {{2, 2}, {1, 4}}, {{5, 5}, {0, 3}}};
  EXPECT_EQ(union_volume(apart), 8U);
}

TEST(Contains, HoldsForPartsOnly) {
  EXPECT_TRUE(contains({{1, 1}, {3, 3}}, {{1, 1}, {3, 3}}));
  EXPECT_TRUE(contains({{1, 1}, {3, 3}}, {{2, 3}, {2, 1}}));
  EXPECT_FALSE(contains({{1, 1}, {3, 3}}, {{0, 1}, {1, 1}}));
  EXPECT_FALSE(contains({{1, 1}, {3, 3}}, {{3, 3}, {2, 1}}));
}

TEST(IsContiguousIn, NeedsFullInnerAxes) {
  Shape const shape{4, 5, 6};
  EXPECT_TRUE(is_contiguous_in(shape, {{1, 0, 0}, {2, 5, 6}}));
  EXPECT_TRUE(is_contiguous_in(shape, {{1, 2, 0}, {1, 3, 6}}));
  EXPECT_TRUE(is_contiguous_in(shape, {{1, 2, 3}, {1, 1, 2}}));
  EXPECT_FALSE(is_contiguous_in(shape, {{1, 2, 0}, {2, 3, 6}}));
  EXPECT_FALSE(is_contiguous_in(shape, {{0, 0, 0}, {4, 5, 5}}));
  EXPECT_TRUE(is_contiguous_in({}, {{}, {}}));
}

TEST(ElementsBefore, CountsWhatABoxHasOfEveryPrefix) {
  struct Case {
    Shape shape;
    Box box;
  };
  std::vector<Case> const cases{
      {{}, {{}, {}}},
      {{5}, {{1}, {3}}},
      {{4, 6}, {{1, 2}, {2, 3}}},
      {{4, 6}, {{0, 0}, {4, 6}}},
      {{3, 4, 5}, {{1, 1, 2}, {2, 2, 3}}},
      {{3, 1, 5}, {{0, 0, 4}, {3, 1, 1}}},
      {{0, 3}, {{0, 0}, {0, 3}}},
  };
  for (auto const& [shape, box] : cases) {
    std::uint64_t before = 0;
    for (std::uint64_t index = 0; index < volume(shape); ++index) {
      EXPECT_EQ(elements_before(shape, box, index), before) << to_string(box) << " " << index;
      if (contains(box, boxes_of_range(shape, index, index + 1).front())) ++before;
    }
    EXPECT_EQ(elements_before(shape, box, volume(shape)), volume(box));
    EXPECT_EQ(before, volume(box));
  }
}

TEST(BoxesOfRange, CoverEveryElementOnceAndInOrder) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 10000; ++i) {
    Shape shape;
    for (auto axes = random() % 4; axes > 0; --axes) shape.push_back(1 + random() % 6);
    auto const count = volume(shape);
    auto begin = random() % (count + 1);
    auto end = random() % (count + 1);
    if (begin > end) std::swap(begin, end);

    auto const boxes = boxes_of_range(shape, begin, end);

    auto next = begin;
    for (auto const& box : boxes) {
      ASSERT_TRUE(contains(whole(shape), box));
      ASSERT_TRUE(is_contiguous_in(shape, box)) << to_string(box) << " in " << to_string(shape);
      ASSERT_EQ(linear_index(shape, box.offset), next);
      next += volume(box);
    }
    ASSERT_EQ(next, end);
    ASSERT_LE(boxes.size(), shape.empty() ? 1 : 2 * shape.size() - 1) << to_string(shape) << " " << begin << " " << end;
  }
}

TEST(CheckedVolume, RefusesWhatDoesNotFit) {
  EXPECT_EQ(checked_volume({3, 5}, 4), 60U);
  EXPECT_EQ(checked_volume({}, 4), 4U);
  EXPECT_EQ(checked_volume({0, 5}, 4), 0U);
  EXPECT_EQ(checked_volume({std::uint64_t{1} << 40U, std::uint64_t{1} << 40U}, 1), std::nullopt);
}

TEST(Dims, RefuseMoreThanEightAxes) {
  EXPECT_NO_THROW(Dims::filled(8, 1));
  EXPECT_THROW(Dims::filled(9, 1), std::length_error);
}

TEST(ToString, ReadsLikeASlice) {
  EXPECT_EQ(to_string(Box{{0, 128}, {4, 128}}), "[0:4, 128:256]");
  EXPECT_EQ(to_string(Shape{4, 5}), "[4, 5]");
  EXPECT_EQ(to_string(Shape{}), "[]");
}

}  // namespace
}  // namespace distload
