// Generated elements: the same in every division, finite, small, and different where they should be.
#include "synth/content.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <distload/base/error.hpp>

namespace distload::synth {
namespace {

std::vector<std::byte> bytes_of(Content const& content, Bytes offset, std::size_t size) {
  std::vector<std::byte> bytes(size);
  content.fill(offset, bytes);
  return bytes;
}

TEST(Content, IsTheSameInEveryDivision) {
  Content const content("model.norm.weight", 3, DType::bf16);
  auto const whole = bytes_of(content, 0, 5000);
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto const begin = random() % whole.size();
    auto const size = random() % (whole.size() - begin);
    auto const part = bytes_of(content, begin, size);
    ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(begin)))
        << begin << ' ' << size;
  }
}

TEST(Content, DependsOnTensorSeedAndPlace) {
  auto const one = bytes_of({"a", 0, DType::f32}, 0, 4096);
  EXPECT_NE(one, bytes_of({"b", 0, DType::f32}, 0, 4096));
  EXPECT_NE(one, bytes_of({"a", 1, DType::f32}, 0, 4096));
  EXPECT_NE(one, bytes_of({"a", 0, DType::f32}, 4096, 4096));
  EXPECT_EQ(one, bytes_of({"a", 0, DType::f32}, 0, 4096));
}

TEST(Content, IsFiniteAndSmallAndOfBothSigns) {
  struct Case {
    DType dtype;
    double (*decode)(std::byte const*);
  };
  for (auto const& [dtype, decode] : std::vector<Case>{
           {DType::bf16,
            [](std::byte const* at) {
              std::uint16_t bits = 0;
              std::memcpy(&bits, at, sizeof bits);
              return static_cast<double>(std::bit_cast<float>(std::uint32_t{bits} << 16U));
            }},
           {DType::f16,
            [](std::byte const* at) {
              std::uint16_t bits = 0;
              std::memcpy(&bits, at, sizeof bits);
              auto const exponent = static_cast<int>(bits >> 10U & 31U);
              auto const size = std::ldexp(1024 + (bits & 1023U), exponent - 25);
              return (bits & 0x8000U) != 0 ? -size : size;
            }},
           {DType::f32,
            [](std::byte const* at) {
              float value = 0;
              std::memcpy(&value, at, sizeof value);
              return static_cast<double>(value);
            }},
           {DType::f64,
            [](std::byte const* at) {
              double value = 0;
              std::memcpy(&value, at, sizeof value);
              return value;
            }},
       }) {
    auto const bytes = bytes_of({"w", 5, dtype}, 0, 80'000);
    int negative = 0;
    int count = 0;
    for (std::size_t at = 0; at < bytes.size(); at += size_of(dtype), ++count) {
      auto const value = decode(bytes.data() + at);
      ASSERT_GE(std::abs(value), 1.0 / 128) << name_of(dtype);
      ASSERT_LT(std::abs(value), 1.0 / 8) << name_of(dtype);
      negative += value < 0;
    }
    EXPECT_NEAR(static_cast<double>(negative) / count, 0.5, 0.05) << name_of(dtype);
  }
}

TEST(Content, FillsAnyRangeOfABoxFromTheTensor) {
  Content const content("w", 0, DType::bf16);
  for (auto const& [shape, box] : std::vector<std::pair<Shape, Box>>{
           {{12, 10}, {{3, 4}, {6, 5}}}, {{50}, {{7}, {30}}}, {{4, 5, 6}, {{1, 0, 2}, {2, 5, 3}}}, {{}, {{}, {}}}}) {
    auto const whole_tensor = bytes_of(content, 0, volume(shape) * 2);
    std::vector<std::byte> expected;  // of the whole box, element by element
    for (std::uint64_t i = 0; i < volume(shape); ++i) {
      auto rest = i;
      bool inside = true;
      for (auto axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
        auto const at = rest % shape[axis];
        inside = inside && at >= box.offset[axis] && at < box.offset[axis] + box.extent[axis];
      }
      if (!inside) continue;
      expected.push_back(whole_tensor[2 * i]);
      expected.push_back(whole_tensor[2 * i + 1]);
    }
    for (std::uint64_t begin = 0; begin <= volume(box); ++begin) {
      for (auto end = begin; end <= volume(box); ++end) {
        std::vector<std::byte> part(2 * (end - begin));
        content.fill_box(shape, box, begin, part);
        ASSERT_TRUE(std::equal(part.begin(), part.end(), expected.begin() + static_cast<std::ptrdiff_t>(2 * begin)))
            << to_string(box) << ' ' << begin << ' ' << end;
      }
    }
  }
}

TEST(Content, RefusesElementsThatAreNoWeights) { EXPECT_THROW(Content("w", 0, DType::c64), InternalError); }

TEST(Content, HasNoNanInTypesOfAByte) {
  struct Case {
    DType dtype;
    int exponent;  ///< mask of its bits, all of which are set in NaN
  };
  for (auto const& [dtype, exponent] :
       std::vector<Case>{{DType::f8_e4m3, 0x78}, {DType::f8_e5m2, 0x7C}, {DType::f8_e8m0, 0xFF}}) {
    for (auto const byte : bytes_of({"w", 0, dtype}, 0, 4096)) {
      ASSERT_NE(std::to_integer<int>(byte) & exponent, exponent) << static_cast<int>(dtype);
    }
  }
}

TEST(Content, HasTheNumbersThatAreGiven) {
  auto const shape = bytes_of({"w", 0, DType::i64, {TensorNumbers::Kind::these, {96, 4096}}}, 0, 16);
  std::array<std::int64_t, 2> sizes{};
  std::memcpy(sizes.data(), shape.data(), sizeof sizes);
  EXPECT_EQ(sizes[0], 96);
  EXPECT_EQ(sizes[1], 4096);
  Content const groups("w", 0, DType::i32, {TensorNumbers::Kind::groups, {128, 0}});
  auto const bytes = bytes_of(groups, 0, 4 * 1000);
  for (std::int32_t i = 0; i < 1000; ++i) {
    std::int32_t number = 0;
    std::memcpy(&number, bytes.data() + 4 * static_cast<std::size_t>(i), sizeof number);
    ASSERT_EQ(number, i / 128);
  }
  auto const part = bytes_of(groups, 4 * 127 + 2, 10);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), bytes.begin() + 4 * 127 + 2));
}

}  // namespace
}  // namespace distload::synth
