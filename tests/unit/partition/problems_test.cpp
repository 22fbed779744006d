// Lists of what is wrong: readable whatever the names, and of bounded length and time.
#include "partition/problems.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace distload {
namespace {

using ::testing::HasSubstr;

TEST(Problems, ShowsNamesOnOneLineAndCut) {
  Problems problems;
  problems.add("no rule matches", "a\nb\x1b[31m", Shape{2});
  problems.add("no rule matches", std::string(5000, 'x'), Shape{2});
  problems.add("its alias a\nb", "y");
  EXPECT_EQ(problems.describe(), "\n  no rule matches:\n    a\\nb\\x1B[31m [2]\n    " + std::string(200, 'x') +
                                     "... [2]\n  its alias a\\nb:\n    y");
}

TEST(Problems, SaysHowManyMoreThereAre) {
  Problems problems;
  auto const letters = [](int number) {
    std::string text;
    for (; number > 0; number /= 10) text += static_cast<char>('a' + number % 10);
    return text;
  };
  for (int i = 1; i <= 100'000; ++i) problems.add("no rule matches", "tensor_" + letters(i), Shape{2});
  for (int i = 1; i <= 1000; ++i) problems.add("size " + letters(i), "model.layers." + std::to_string(i), Shape{2});
  auto const text = problems.describe();
  EXPECT_EQ(problems.count(), 101'000U);
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 100);
  EXPECT_THAT(text, HasSubstr("\n    tensor_b [2]\n"));
  EXPECT_THAT(text, HasSubstr("\n    and 99970 more\n"));
  EXPECT_THAT(text, HasSubstr("\n  and 981 other problems"));
}

TEST(Problems, BoundsTheNumbersOfOneLine) {
  Problems problems;
  for (int i = 0; i < 100'000; ++i) problems.add("no rule matches", "layers." + std::to_string(2 * i) + ".x");
  auto const text = problems.describe();
  EXPECT_LT(text.size(), 400U);
  EXPECT_THAT(text, HasSubstr("layers.0.x (and so for 0, 2, 4, "));
  EXPECT_THAT(text, HasSubstr(", 38 and 99980 more)"));
}

}  // namespace
}  // namespace distload
