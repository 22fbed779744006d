// Sizes as people write them.
#include <distload/base/bytes.hpp>

#include <gtest/gtest.h>

namespace distload {
namespace {

TEST(ParseBytes, TakesBinaryAndDecimalUnits) {
  struct Case {
    char const* text;
    std::optional<Bytes> expected;
  };
  for (auto const& [text, expected] : std::vector<Case>{
           {"4096", 4096},
           {"0", 0},
           {"17 B", 17},
           {"64 MiB", 64 * kMiB},
           {"64MiB", 64 * kMiB},
           {" 2 GiB ", 2 * kGiB},
           {"1.5 KiB", 1536},
           {"3 GB", 3'000'000'000},
           {"18446744073709551615", 18446744073709551615ULL},
           {"18446744073709551616", std::nullopt},
           {"16777216 TiB", std::nullopt},
           {"99999999999999999999.5 TiB", std::nullopt},
           {"-1", std::nullopt},
           {"", std::nullopt},
           {"MiB", std::nullopt},
           {"1.2.3 MiB", std::nullopt},
           {"64 Mib", std::nullopt},
           {"64 MiB/s", std::nullopt},
           {"0x10", std::nullopt},
       }) {
    EXPECT_EQ(parse_bytes(text), expected) << text;
  }
}

TEST(FormatBytes, UsesTheLargestUnitThatIsAtLeastOne) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(64 * kMiB), "64 MiB");
  EXPECT_EQ(format_bytes(3 * kGiB / 2), "1.50 GiB");
  EXPECT_EQ(format_bytes(18446744073709551615ULL), "16 EiB");
}

TEST(CheckedArithmetic, RefusesToOverflow) {
  auto const most = ~std::uint64_t{0};
  EXPECT_EQ(checked_add(most, 0), most);
  EXPECT_EQ(checked_add(most, 1), std::nullopt);
  EXPECT_EQ(checked_multiply(most, 1), most);
  EXPECT_EQ(checked_multiply(most, 2), std::nullopt);
  EXPECT_EQ(round_up(1, 4096), 4096U);
  EXPECT_EQ(round_up(4096, 4096), 4096U);
}

}  // namespace
}  // namespace distload
