// Names of others in messages: one line, harmless, cut. Numbers in messages.
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace distload {
namespace {

TEST(Printable, LeavesPlainNamesAlone) {
  for (std::string const name : {"", "model.layers.0.mlp.up_proj.weight", "gewicht-äöü €", "名前 with space", "a\\b"}) {
    EXPECT_EQ(printable(name), name);
  }
}

TEST(Printable, EscapesWhatATerminalActsUpon) {
  EXPECT_EQ(printable("a\nb\rc\td"), R"(a\nb\rc\td)");
  EXPECT_EQ(printable("\x1b[31mred\x7f"), R"(\x1B[31mred\x7F)");
  EXPECT_EQ(printable(std::string("a\0b", 3)), R"(a\x00b)");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            R"(\xC2\x9B31m)")
      << "a control sequence in one character";
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "gpj"),
            R"(\xE2\x80\xAEgpj)")
      << "text from right to left";
  EXPECT_EQ(printable("\xE2\x80\xA8"), R"(\xE2\x80\xA8)") << "a line separator";
}

TEST(Printable, EscapesWhatIsNotUtf8) {
  EXPECT_EQ(printable("a\xff\xc3(b"), R"(a\xFF\xC3(b)");
  EXPECT_EQ(printable("\xC0\x80"), R"(\xC0\x80)") << "longer than needed";
  EXPECT_EQ(printable("\xED\xA0\x80"), R"(\xED\xA0\x80)") << "half of a pair";
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), R"(\xF4\x90\x80\x80)") << "behind the last character";
  EXPECT_EQ(printable("\xE2\x82"), R"(\xE2\x82)") << "cut short";
}

TEST(Printable, CutsAtCharacters) {
  EXPECT_EQ(printable(std::string(200, 'a')), std::string(200, 'a'));
  EXPECT_EQ(printable(std::string(201, 'a')), std::string(200, 'a') + "...");
  EXPECT_EQ(printable("äöü", 2), "äö...");
  EXPECT_EQ(printable("\n\n\n", 2), R"(\n\n...)");
}

TEST(PrintableLines, KeepsTheLinesAndTheLength) {
  EXPECT_EQ(printable_lines("a\n  b\x1b\n" + std::string(1000, 'c')), "a\n  b\\x1B\n" + std::string(1000, 'c'));
}

TEST(RangesText, JoinsNumbersThatFollowEachOther) {
  EXPECT_EQ(ranges_text({}), "");
  EXPECT_EQ(ranges_text({4}), "4");
  EXPECT_EQ(ranges_text({0, 1, 2, 5, 7, 8}), "0-2, 5, 7-8");
  EXPECT_EQ(ranges_text({0, 2, 4, 6}, 2), "0, 2 and others");
}

}  // namespace
}  // namespace distload
