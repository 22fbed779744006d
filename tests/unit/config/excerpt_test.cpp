// What messages repeat of their input.
#include "config/excerpt.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

TEST(Excerpt, PutsTheCaretUnderTheColumn) {
  struct Case {
    std::string text;
    std::size_t line;
    std::size_t column;
    std::string expected;
  };
  for (auto const& [text, line, column, expected] : std::vector<Case>{
           {"abc", 0, 0, "abc\n^"},
           {"abc\ndef\nghi", 1, 2, "def\n  ^"},
           {"abc\r\ndef\r\n", 0, 1, "abc\n ^"},
           {"abc", 0, 3, "abc\n   ^"},
           {"abc", 0, 99, "abc\n   ^"},
           {"abc", 7, 2, "\n^"},
           {"", 0, 0, "\n^"},
           {"a\tb", 0, 2, "a?b\n  ^"},
           {"a\x1b[31m\xff"
            "b",
            0, 7, "a?[31m?b\n       ^"},
           {"\u00f6\u00f6x", 0, 4, "\u00f6\u00f6x\n  ^"},
           {std::string(200, 'a'), 0, 0, std::string(80, 'a') + "...\n^"},
           {std::string(100, 'a') + "b", 0, 100, "..." + std::string(40, 'a') + "b\n" + std::string(43, ' ') + "^"},
       }) {
    EXPECT_EQ(excerpt(text, line, column), expected);
  }
}

TEST(Excerpt, StaysShortInAnyLine) {
  auto const text = std::string(1'000'000, 'a');
  for (std::size_t column : {0U, 79U, 80U, 5000U, 999'999U, 1'000'000U})
    EXPECT_LT(excerpt(text, 0, column).size(), 400U);
  auto const continuations = std::string(1000, '\x80');
  for (std::size_t column : {0U, 500U, 1000U}) EXPECT_FALSE(excerpt(continuations, 0, column).empty());
}

}  // namespace
}  // namespace distload
