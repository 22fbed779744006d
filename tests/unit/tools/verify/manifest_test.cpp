// Lists of published sums.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "support/thrown_message.hpp"
#include "verify/published_sums.hpp"

namespace distload {
namespace {

using testing::HasSubstr;

std::string const kSum(64, 'a');
std::string const kOther(64, 'b');

std::string error_of(std::string const& text) {
  return thrown_message<CorruptData>([&] { static_cast<void>(parse_manifest(text, "SUMS")); });
}

TEST(Manifest, IsWhatSha256sumWrites) {
  auto const sums = parse_manifest("# comment\n" + kSum + "  a b.txt\n\n" + std::string(64, 'B') + " *./d/c\r\n\\" +
                                       kSum + "  x\\\\y\\nz\n" + kSum + "  a b.txt",
                                   "SUMS");
  ASSERT_EQ(sums.size(), 3U);
  EXPECT_EQ(sums[0].name, "a b.txt");
  EXPECT_EQ(sums[0].sha256, kSum);
  EXPECT_EQ(sums[1].name, "d/c");
  EXPECT_EQ(sums[1].sha256, kOther);
  EXPECT_EQ(sums[2].name, "x\\y\nz");
}

TEST(Manifest, RefusesOtherLinesByNumber) {
  for (auto const& line : {std::string("hello"), kSum, kSum + "  ", kSum + " a", kSum.substr(1) + "g  a", kSum + "0  a",
                           "\\" + kSum + "  a\\q", kSum + "  a" + std::string(1, '\0')}) {
    EXPECT_THAT(error_of(kSum + "  good\n" + line + "\n"), HasSubstr("SUMS:2: ")) << line;
  }
  EXPECT_THAT(error_of(kSum + "  a\n" + kOther + "  a\n"), HasSubstr("SUMS:2: a has another sum above"));
}

TEST(Manifest, KnowsNamesThatLeadOut) {
  for (auto const* const name : {"a", "a/b", "..a", "a..", "./a"}) EXPECT_TRUE(stays_inside(name)) << name;
  for (auto const* const name : {"", "/a", "..", "../a", "a/../../b", "a/.."}) EXPECT_FALSE(stays_inside(name)) << name;
}

}  // namespace
}  // namespace distload
