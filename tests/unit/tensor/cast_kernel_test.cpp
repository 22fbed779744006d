// Strided copies with casts against element-wise ones.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include "boxes.hpp"
#include "expect_results.hpp"
#include "support/device_bytes.hpp"
#include "tensor/kernels/convert.hpp"
#include "tensor/kernels/copy_kernel.hpp"

namespace distload {
namespace {

/// One number, from and to its bytes.
void convert_element(Cast const& cast, std::byte const* source, std::byte* destination) {
  auto const from = [&]<class From, class To>(From number, To) {
    std::memcpy(&number, source, sizeof number);
    auto const converted = convert::convert<To>(number);
    std::memcpy(destination, &converted, sizeof converted);
  };
  auto const to = [&]<class From>(From number) {
    switch (cast.to) {
      case DType::f32: return from(number, convert::F32{});
      case DType::f16: return from(number, convert::F16{});
      default: return from(number, convert::BF16{});
    }
  };
  switch (cast.from) {
    case DType::f64: return to(convert::F64{});
    case DType::f32: return to(convert::F32{});
    case DType::f16: return to(convert::F16{});
    default: return to(convert::BF16{});
  }
}

/// A box of random numbers that goes from the middle of one matrix to the middle of another.
struct RandomCast {
  Cast cast;
  Dims extent;
  Placed source;
  Placed destination;
  std::vector<std::byte> expected;
  std::optional<testing::DeviceBytes> from;
  std::optional<testing::DeviceBytes> to;

  RandomCast(Cast types, Dims box, std::mt19937_64& random) : cast(types), extent(box) {
    testing::place_at_random(source, destination, extent, random);
    std::vector<std::byte> numbers(volume(source.shape) * size_of(cast.from));
    for (auto& byte : numbers) byte = static_cast<std::byte>(random());
    expected.resize(volume(destination.shape) * size_of(cast.to));
    to.emplace(expected);
    from.emplace(numbers);
    testing::for_each_element(source, destination, extent, [&](std::uint64_t in, std::uint64_t out) {
      convert_element(cast, numbers.data() + in * size_of(cast.from), expected.data() + out * size_of(cast.to));
    });
  }

  BoundCast bound() {
    auto const copy = make_strided_copy(source, size_of(cast.from), destination, size_of(cast.to), extent);
    return {{copy, from->data(), to->data()}, cast};
  }
};

constexpr std::array kSources{DType::f64, DType::f32, DType::f16, DType::bf16};
constexpr std::array kTargets{DType::f32, DType::f16, DType::bf16};

TEST(EnqueueCasts, ConvertsEveryElementOfEveryBox) {
  std::mt19937_64 random(3);
  std::vector<RandomCast> tests;
  for (auto const from : kSources) {
    for (auto const to : kTargets) {
      if (!can_cast(from, to)) continue;
      for (int i = 0; i < 20; ++i) tests.emplace_back(Cast{from, to}, Dims{1 + random() % 7, 1 + random() % 9}, random);
      // Rows that are longer than what one thread takes at a time.
      tests.emplace_back(Cast{from, to}, Dims{2, 300'001}, random);
    }
  }
  testing::expect_results(tests, enqueue_casts);
}

TEST(CastOnHost, ConvertsEveryElementAndCounts) {
  std::mt19937_64 random(5);
  for (auto const from : kSources) {
    for (auto const to : kTargets) {
      if (!can_cast(from, to)) continue;
      RandomCast const test(Cast{from, to}, Dims{1 + random() % 7, 1 + random() % 9}, random);
      auto const source = test.from->on_host();
      auto destination = test.to->on_host();
      auto const copy = make_strided_copy(test.source, size_of(from), test.destination, size_of(to), test.extent);
      cast_on_host({{copy, source.data(), destination.data()}, test.cast});
      EXPECT_EQ(destination, test.expected) << name_of(from) << " to " << name_of(to);
    }
  }
  std::vector<float> const numbers{1.0F, 65520.0F, std::bit_cast<float>(0x7F800000U)};
  std::vector<std::byte> halves(6);
  auto const copy = make_strided_copy({{3}, {0}, 0}, 4, {{3}, {0}, 0}, 2, {3});
  auto const* const bytes = std::as_bytes(std::span(numbers)).data();
  EXPECT_EQ(cast_on_host({{copy, bytes, halves.data()}, {DType::f32, DType::f16}}), 1U);
}

TEST(EnqueueCasts, CountsWhatBecomesInfinite) {
  std::vector<float> const numbers{
      1.0F, 65519.0F, 65520.0F, -1e30F, std::bit_cast<float>(0x7F800000U), std::bit_cast<float>(0x7FC00000U)};
  testing::DeviceBytes const from(numbers);
  testing::DeviceBytes const to(std::vector<std::uint16_t>(numbers.size()));
  auto const copy = make_strided_copy({{numbers.size()}, {0}, 0}, 4, {{numbers.size()}, {0}, 0}, 2, {numbers.size()});
  std::vector<BoundCast> const casts{{{copy, from.data(), to.data()}, {DType::f32, DType::f16}}};

  Kokkos::DefaultExecutionSpace const space;
  OverflowCount const overflows("overflows");
  enqueue_casts(space, casts, overflows, "test");
  enqueue_casts(space, casts, overflows, "test");
  space.fence();

  EXPECT_EQ(testing::value_of(overflows), 4U);  // two numbers, twice; an infinity and a NaN are none
  EXPECT_EQ(to.on_host<std::uint16_t>()[2], 0x7C00U);
}

}  // namespace
}  // namespace distload
