// Transposes, with and without casts, against element-wise ones.
#include <gtest/gtest.h>

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

/// One number as its bytes: what stays of one type, or goes from F32 to BF16.
void move_element(Cast const& cast, std::byte const* source, std::byte* destination, Bytes element_bytes) {
  if (cast.from == cast.to) {
    std::memcpy(destination, source, element_bytes);
    return;
  }
  convert::F32 number{};
  std::memcpy(&number, source, sizeof number);
  auto const converted = convert::convert<convert::BF16>(number);
  std::memcpy(destination, &converted, sizeof converted);
}

/// Boxes of random numbers that go from the middle of some matrices to the middle of transposed ones.
struct RandomTranspose {
  Cast cast;
  Bytes source_bytes;  ///< of an element
  Bytes destination_bytes;
  Dims extent;
  Placed source;
  Placed destination;
  std::vector<std::byte> expected;
  std::optional<testing::DeviceBytes> from;
  std::optional<testing::DeviceBytes> to;

  RandomTranspose(Cast types, Bytes bytes, Dims box, std::mt19937_64& random)
      : cast(types),
        source_bytes(bytes),
        destination_bytes(cast.from == cast.to ? bytes : size_of(cast.to)),
        extent(box) {
    destination.transposed = true;
    testing::place_at_random(source, destination, extent, random);
    std::vector<std::byte> numbers(volume(source.shape) * source_bytes);
    for (auto& byte : numbers) byte = static_cast<std::byte>(random());
    expected.resize(volume(destination.shape) * destination_bytes);
    to.emplace(expected);
    from.emplace(numbers);
    testing::for_each_element(source, destination, extent, [&](std::uint64_t in, std::uint64_t out) {
      move_element(cast, numbers.data() + in * source_bytes, expected.data() + out * destination_bytes, source_bytes);
    });
  }

  BoundCast bound() {
    auto const copy = make_strided_copy(source, source_bytes, destination, destination_bytes, extent);
    EXPECT_TRUE(is_transpose(copy, destination_bytes));
    return {{copy, from->data(), to->data()}, cast};
  }
};

TEST(EnqueueTransposes, MovesEveryElementOfEveryMatrix) {
  std::mt19937_64 random(5);
  std::vector<RandomTranspose> tests;
  for (Bytes const element_bytes : {1U, 2U, 4U, 8U}) {
    Cast const same{};
    for (int i = 0; i < 20; ++i) {
      tests.emplace_back(same, element_bytes, Dims{2 + random() % 200, 2 + random() % 200}, random);
    }
    // Matrices of several experts, and of exactly one tile.
    tests.emplace_back(same, element_bytes, Dims{3, 65, 130}, random);
    tests.emplace_back(same, element_bytes, Dims{64, 64}, random);
  }
  for (int i = 0; i < 20; ++i) {
    tests.emplace_back(Cast{DType::f32, DType::bf16}, 4, Dims{2, 2 + random() % 100, 2 + random() % 100}, random);
  }
  testing::expect_results(tests, enqueue_transposes);
}

TEST(EnqueueTransposes, CountsWhatBecomesInfinite) {
  std::vector<float> const numbers{1.0F, 65520.0F, 2.0F, -1e30F, 65519.0F, std::bit_cast<float>(0x7F800000U)};
  testing::DeviceBytes const from(numbers);
  testing::DeviceBytes const to(std::vector<std::uint16_t>(numbers.size()));
  auto const copy = make_strided_copy({{3, 2}, {0, 0}}, 4, {{3, 2}, {0, 0}, 0, true}, 2, {3, 2});
  std::vector<BoundCast> const transposes{{{copy, from.data(), to.data()}, {DType::f32, DType::f16}}};

  Kokkos::DefaultExecutionSpace const space;
  OverflowCount const overflows("overflows");
  enqueue_transposes(space, transposes, overflows, "test");
  space.fence();

  EXPECT_EQ(testing::value_of(overflows), 2U);
  EXPECT_EQ(to.on_host<std::uint16_t>(),
            (std::vector<std::uint16_t>{0x3C00U, 0x4000U, 0x7BFFU, 0x7C00U, 0xFC00U, 0x7C00U}));
}

}  // namespace
}  // namespace distload
