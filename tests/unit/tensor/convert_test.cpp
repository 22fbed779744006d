// Conversions against the definition: the nearest number of the type, of two equally near ones the even one.
#include "tensor/kernels/convert.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace distload::convert {
namespace {

F64 bits_of(double x) { return {std::bit_cast<std::uint64_t>(x)}; }
F32 bits_of(float x) { return {std::bit_cast<std::uint32_t>(x)}; }

/// The value of a 16-bit number with so many bits of exponent, from the definition of such formats.
double value_of(std::uint32_t bits, int exponent_bits) {
  int const mantissa_bits = 15 - exponent_bits;
  int const bias = (1 << (exponent_bits - 1)) - 1;
  auto const sign = (bits & 0x8000U) != 0 ? -1.0 : 1.0;
  auto const exponent = static_cast<int>(bits >> mantissa_bits & ((1U << exponent_bits) - 1U));
  auto const mantissa = bits & ((1U << mantissa_bits) - 1U);
  if (exponent == (1 << exponent_bits) - 1)
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity() : std::nan("");
  auto const leading = exponent == 0 ? 0.0 : 1.0;
  auto const fraction = leading + std::ldexp(mantissa, -mantissa_bits);
  return sign * std::ldexp(fraction, std::max(exponent, 1) - bias);
}

/// All non-negative finite numbers of a 16-bit type; their index is their bits.
std::vector<double> magnitudes(int exponent_bits) {
  std::vector<double> values;
  for (std::uint32_t bits = 0; std::isfinite(value_of(bits, exponent_bits)); ++bits)
    values.push_back(value_of(bits, exponent_bits));
  return values;
}

/// The bits of what `x`, finite, is rounded to.
std::uint16_t rounded(double x, std::vector<double> const& values) {
  auto const sign = std::signbit(x) ? 0x8000U : 0U;
  auto const magnitude = std::fabs(x);
  auto const above = static_cast<std::uint32_t>(std::ranges::lower_bound(values, magnitude) - values.begin());
  if (above < values.size() && values[above] == magnitude) return static_cast<std::uint16_t>(sign | above);
  auto const below = above - 1;
  // Where the numbers end, infinity is as far away as the next number would be.
  auto const upper = above < values.size() ? values[above] : 2 * values[below] - values[below - 1];
  auto const down = magnitude - values[below];
  auto const up = upper - magnitude;
  auto const nearest = down < up || (down == up && below % 2 == 0) ? below : above;
  return static_cast<std::uint16_t>(sign | nearest);
}

/// Doubles of all magnitudes, and such as lie on or beside the middle between two numbers of a 16-bit type.
std::vector<double> samples(std::vector<double> const& values) {
  std::mt19937_64 random(7);
  std::vector<double> doubles{0.0, -0.0, 1e-320, -1e-320, 1e308, -1e308};
  for (int i = 0; i < 100'000; ++i) {
    auto const x = std::bit_cast<double>(random());
    if (std::isfinite(x)) doubles.push_back(x);
    doubles.push_back(std::ldexp(static_cast<double>(random()) / 0x1p63 - 1.0, static_cast<int>(random() % 60) - 40));
  }
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    auto const middle = (values[i] + values[i + 1]) / 2;
    doubles.insert(doubles.end(), {middle, std::nextafter(middle, 0.0), std::nextafter(middle, 1e300)});
  }
  return doubles;
}

TEST(Widen, GivesTheValueOfEverySixteenBitNumber) {
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    auto const narrow = static_cast<std::uint16_t>(bits);
    auto const f16 = static_cast<double>(std::bit_cast<float>(widen(F16{narrow}).bits));
    auto const bf16 = static_cast<double>(std::bit_cast<float>(widen(BF16{narrow}).bits));
    auto const expected_f16 = value_of(bits, 5);
    auto const expected_bf16 = value_of(bits, 8);
    ASSERT_TRUE(f16 == expected_f16 || (std::isnan(f16) && std::isnan(expected_f16))) << bits;
    ASSERT_TRUE(bf16 == expected_bf16 || (std::isnan(bf16) && std::isnan(expected_bf16))) << bits;
    ASSERT_EQ(std::signbit(f16), (bits & 0x8000U) != 0) << bits;
  }
}

TEST(Convert, RoundsToTheNearestF16) {
  auto const values = magnitudes(5);
  for (auto const x : samples(values)) {
    ASSERT_EQ(convert<F16>(bits_of(x)).bits, rounded(x, values)) << x;
    auto const single = static_cast<float>(x);
    if (std::isfinite(single)) {
      ASSERT_EQ(convert<F16>(bits_of(single)).bits, rounded(static_cast<double>(single), values)) << single;
    }
  }
}

TEST(Convert, RoundsToTheNearestBf16) {
  auto const values = magnitudes(8);
  for (auto const x : samples(values)) {
    ASSERT_EQ(convert<BF16>(bits_of(x)).bits, rounded(x, values)) << x;
    auto const single = static_cast<float>(x);
    if (std::isfinite(single)) {
      ASSERT_EQ(convert<BF16>(bits_of(single)).bits, rounded(static_cast<double>(single), values)) << single;
    }
  }
}

TEST(Convert, RoundsF64ToTheNearestF32) {
  std::mt19937_64 random(9);
  auto check = [](double x) {
    ASSERT_EQ(convert<F32>(bits_of(x)).bits, std::bit_cast<std::uint32_t>(static_cast<float>(x))) << x;
  };
  for (auto const x : samples(magnitudes(8))) check(x);
  for (int i = 0; i < 100'000; ++i) {
    auto const single = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(single)) continue;
    auto const next = std::nextafter(single, std::numeric_limits<float>::infinity());
    if (std::isfinite(next)) check((static_cast<double>(single) + static_cast<double>(next)) / 2);
  }
}

TEST(Convert, KeepsWhatIsNoNumber) {
  auto const infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(convert<F16>(bits_of(-infinity)).bits, 0xFC00U);
  EXPECT_EQ(convert<BF16>(bits_of(infinity)).bits, 0x7F80U);
  EXPECT_TRUE(std::isinf(std::bit_cast<float>(convert<F32>(bits_of(std::numeric_limits<double>::infinity())).bits)));
  // A NaN whose payload lies in the bits that are lost must not become infinite.
  F32 const low_nan{0x7F800001U};
  F64 const low_double_nan{0x7FF0000000000001ULL};
  for (auto const bits : {convert<F16>(low_nan).bits, convert<F16>(low_double_nan).bits})
    EXPECT_TRUE(std::isnan(value_of(bits, 5)));
  for (auto const bits : {convert<BF16>(low_nan).bits, convert<BF16>(low_double_nan).bits})
    EXPECT_TRUE(std::isnan(value_of(bits, 8)));
  EXPECT_TRUE(std::isnan(std::bit_cast<float>(convert<F32>(low_double_nan).bits)));
}

TEST(Convert, TellsOverflow) {
  auto const large = bits_of(65520.0F);
  EXPECT_TRUE(is_finite(large));
  EXPECT_TRUE(is_infinite(convert<F16>(large)));
  EXPECT_FALSE(is_infinite(convert<F16>(bits_of(65519.0F))));
  EXPECT_TRUE(is_infinite(convert<BF16>(bits_of(std::numeric_limits<float>::max()))));
}

}  // namespace
}  // namespace distload::convert
