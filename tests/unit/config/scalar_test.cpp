// Scalars as text: what is taken, what is refused, and how it is printed.
#include "config/scalar.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace distload {
namespace {

using namespace std::chrono_literals;

TEST(Scalar, TakesBooleansInOneSpelling) {
  EXPECT_TRUE(parse_boolean("true"));
  EXPECT_FALSE(parse_boolean("false"));
  for (auto const* text : {"", "yes", "True", "1", "true "}) EXPECT_THROW(parse_boolean(text), ScalarError) << text;
}

TEST(Scalar, TakesWholeNumbers) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("18446744073709551615"), 18446744073709551615U);
  for (auto const* text : {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.0", "18446744073709551616"}) {
    EXPECT_THROW(parse_count(text), ScalarError) << text;
  }
  EXPECT_EQ(parse_positive_u32("4294967295"), 4294967295U);
  for (auto const* text : {"0", "4294967296", "-1"}) EXPECT_THROW(parse_positive_u32(text), ScalarError) << text;
}

TEST(Scalar, SplitsLists) {
  using Items = std::vector<std::string_view>;
  EXPECT_EQ(split_list("[20, 28]"), (Items{"20", "28"}));
  EXPECT_EQ(split_list("20,28"), (Items{"20", "28"}));
  EXPECT_EQ(split_list("[7]"), Items{"7"});
  for (auto const* text : {"", "[]", "[1,]", "[,1]", "1,,2", " "}) EXPECT_THROW(split_list(text), ScalarError) << text;
}

TEST(Scalar, TakesSizesAndRates) {
  EXPECT_EQ(parse_size("64 MiB"), 64 * kMiB);
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_rate("2 GiB/s"), 2 * kGiB);
  for (auto const* text : {"", "64 MiBs", "-1 MiB", "16777216 TiB"})
    EXPECT_THROW(parse_size(text), ScalarError) << text;
  for (auto const* text : {"", "/s", "2 GiB", "0 GiB/s", "2 GiB/min"})
    EXPECT_THROW(parse_rate(text), ScalarError) << text;
}

TEST(Scalar, TakesDurationsWithTheirUnit) {
  struct Case {
    char const* text;
    std::chrono::nanoseconds expected;
  };
  for (auto const& [text, expected] : std::vector<Case>{{"300 s", 300s},
                                                        {"300s", 300s},
                                                        {"5 min", 5min},
                                                        {"2 h", 2h},
                                                        {"10 ms", 10ms},
                                                        {"50 us", 50us},
                                                        {"7 ns", 7ns},
                                                        {"0 s", 0s}}) {
    EXPECT_EQ(parse_duration(text), expected) << text;
  }
  for (auto const* text :
       {"", "300", "s", "-5 s", "5 minutes", "1.5 s", "9223372037 s", "99999999999999999999 s", "9999999999999 h"}) {
    EXPECT_THROW(parse_duration(text), ScalarError) << text;
  }
}

TEST(Scalar, PrintsDurationsInTheLargestWholeUnit) {
  struct Case {
    std::chrono::nanoseconds duration;
    char const* expected;
  };
  for (auto const& [duration, expected] : std::vector<Case>{{300s, "5 min"},
                                                            {90s, "90 s"},
                                                            {1500ms, "1500 ms"},
                                                            {7200s, "2 h"},
                                                            {50us, "50 us"},
                                                            {1ns, "1 ns"},
                                                            {0s, "0 s"}}) {
    EXPECT_EQ(print_duration(duration), expected);
    EXPECT_EQ(parse_duration(expected), duration);
  }
}

TEST(Scalar, NamesTheChoicesAndTheNearest) {
  std::vector<std::string> const choices{"collective", "buffered"};
  EXPECT_EQ(parse_one_of("buffered", choices), "buffered");
  try {
    parse_one_of("bufferd", choices);
    FAIL();
  } catch (ScalarError const& error) {
    EXPECT_STREQ(error.what(), "must be one of collective, buffered, not 'bufferd'; did you mean `buffered`?");
  }
}

}  // namespace
}  // namespace distload
