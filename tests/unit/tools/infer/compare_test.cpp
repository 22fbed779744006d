// The comparison of outputs finds the first that differs by more than is allowed.
#include "infer/compare.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "infer/infer_report.hpp"
#include "support/thrown_message.hpp"

namespace distload {
namespace {

using ::testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<HostOutput> two_outputs() {
  return {{"layers.0", 2, {1, 2, 3, 4}, {"a.weight", "b.weight"}, {0, 1}}, {"logits", 2, {5, 6, 8, 7}, {"head"}, {2}}};
}

TEST(Difference, OfEqualBitsAndOthers) {
  std::vector<float> const x{1, -4, 0};
  EXPECT_TRUE(difference_of(x, x).same_bits);
  auto const zero = difference_of(x, std::vector<float>{1, -4, -0.0F});
  EXPECT_FALSE(zero.same_bits);
  EXPECT_EQ(zero.largest, 0);
  auto const other = difference_of(x, std::vector<float>{1.5F, -4, 0});
  EXPECT_EQ(other.largest, 0.5);
  EXPECT_EQ(other.magnitude, 4);
  EXPECT_TRUE(std::isinf(difference_of(x, std::vector<float>{1, kNaN, 0}).largest));
  EXPECT_TRUE(std::isinf(difference_of(std::vector<float>{1, kNaN, 0}, x).largest));
  EXPECT_TRUE(std::isinf(difference_of(x, std::vector<float>{1, -4}).largest));
}

TEST(Difference, OfAnInfiniteReferenceIsBeyondEveryTolerance) {
  auto const infinity = std::numeric_limits<float>::infinity();
  auto const difference = difference_of(std::vector{1.0F, 2.0F}, std::vector{infinity, 2.0F});
  EXPECT_EQ(difference.largest, infinity);
  EXPECT_EQ(difference.magnitude, 2);
}

TEST(EqualLargest, CountsTokens) {
  std::vector<float> const x{1, 2, 4, 3};
  EXPECT_EQ(equal_largest(x, x, 2), 1);
  EXPECT_EQ(equal_largest(x, std::vector<float>{1, 2, 3, 4}, 2), 0.5);
}

TEST(CheckFinite, NamesTheFirstOutput) {
  auto outputs = two_outputs();
  EXPECT_NO_THROW(check_finite(outputs));
  outputs[0].numbers[1] = kNaN;
  outputs[1].numbers[1] = kNaN;
  EXPECT_THAT(thrown_message<CorruptData>([&] { check_finite(outputs); }), HasSubstr("layers.0 has 1 numbers"));
}

TEST(Comparer, TakesEveryBitWithoutATolerance) {
  auto const outputs = two_outputs();
  Comparer comparer(outputs, "one-rank", std::nullopt);
  comparer.compare("layers.0", std::vector<float>{1, 2, 3, 4});
  EXPECT_FALSE(comparer.result().first);
  comparer.compare("logits", std::vector<float>{5, 6, std::nextafter(8.0F, 9.0F), 7});
  ASSERT_TRUE(comparer.result().first);
  EXPECT_EQ(comparer.result().first->output->name, "logits");
  EXPECT_FALSE(comparer.result().same_bits);
}

TEST(Comparer, NamesTheFirstOutputBeyondTheTolerance) {
  auto const outputs = two_outputs();
  Comparer comparer(outputs, "other.npy", 0.1);
  comparer.compare("unheard_of", std::vector<float>{1});
  comparer.compare("layers.0", std::vector<float>{1, 2, 3, 4.3F});
  EXPECT_FALSE(comparer.result().first);
  comparer.compare("layers.0", std::vector<float>{1, 2, 3, 5});
  comparer.compare("logits", std::vector<float>{5, 6, 8, 70});
  ASSERT_TRUE(comparer.result().first);
  EXPECT_EQ(comparer.result().compared, 3U);
  EXPECT_EQ(comparer.result().last, "logits");
  EXPECT_THAT(
      describe_difference(comparer.result()),
      HasSubstr("layers.0 differs from other.npy by 1 (its magnitude is 5), as the first of all outputs; computed "
                "by ranks 0-1 with a.weight, b.weight"));
}

TEST(Comparer, AnotherSizeIsADifference) {
  auto const outputs = two_outputs();
  Comparer comparer(outputs, "other.npy", 0.1);
  comparer.compare("logits", std::vector<float>{5, 6, 8});
  ASSERT_TRUE(comparer.result().first);
  EXPECT_THAT(describe_difference(comparer.result()),
              HasSubstr("logits has another shape than in other.npy, as the first of all outputs; computed by rank 2"));
}

}  // namespace
}  // namespace distload
