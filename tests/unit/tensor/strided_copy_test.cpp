// Strided copies against element-wise ones, on the calling thread and as kernels.
#include "tensor/strided_copy.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "boxes.hpp"
#include "support/device_bytes.hpp"
#include "tensor/kernels/copy_kernel.hpp"

namespace distload {
namespace {

/// A random box somewhere in two random tensors.
struct RandomCopy {
  Placed source;
  Placed destination;
  Dims extent;
  Bytes element_bytes = 1;

  explicit RandomCopy(std::mt19937_64& random) {
    auto const axes = random() % 5;
    for (std::uint64_t axis = 0; axis < axes; ++axis) extent.push_back(1 + random() % 5);
    testing::place_at_random(source, destination, extent, random);
    element_bytes = Bytes{1} << (random() % 4);
    destination.transposed = axes >= 2 && random() % 2 == 0;
    source.base_bytes = random() % 3 * 8;
    destination.base_bytes = random() % 3 * 8;
  }

  Bytes source_bytes() const { return source.base_bytes + volume(source.shape) * element_bytes; }
  Bytes destination_bytes() const { return destination.base_bytes + volume(destination.shape) * element_bytes; }

  void copy_by_element(std::vector<std::byte> const& from, std::vector<std::byte>& to) const {
    testing::for_each_element(source, destination, extent, [&](std::uint64_t in, std::uint64_t out) {
      std::memcpy(to.data() + destination.base_bytes + out * element_bytes,
                  from.data() + source.base_bytes + in * element_bytes, element_bytes);
    });
  }
};

std::vector<std::byte> random_bytes(Bytes count, std::mt19937_64& random) {
  std::vector<std::byte> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(StridedCopy, EqualsCopyingElementByElement) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 10000; ++i) {
    RandomCopy const test(random);
    auto const from = random_bytes(test.source_bytes(), random);
    std::vector<std::byte> expected(test.destination_bytes());
    auto found = expected;
    test.copy_by_element(from, expected);

    auto const copy = make_strided_copy(test.source, test.destination, test.extent, test.element_bytes);
    copy_on_host(copy, from.data(), found.data());

    ASSERT_EQ(found, expected) << "case " << i;
    ASSERT_EQ(copy.nbytes(), volume(test.extent) * test.element_bytes);
  }
}

TEST(StridedCopy, MergesAxesThatContinueOnBothSides) {
  auto const rows = make_strided_copy({{8, 4, 6}, {2, 0, 0}}, {{3, 4, 6}, {0, 0, 0}}, {3, 4, 6}, 2);
  EXPECT_EQ(rows.run_bytes, 3U * 4 * 6 * 2);
  EXPECT_EQ(rows.runs(), 1U);
  auto const columns = make_strided_copy({{8, 4, 6}, {0, 0, 3}}, {{8, 4, 3}, {0, 0, 0}}, {8, 4, 3}, 2);
  EXPECT_EQ(columns.run_bytes, 6U);
  EXPECT_EQ(columns.loop_count, 1U) << "two outer axes with one stride are one loop";
  EXPECT_EQ(columns.runs(), 32U);
}

TEST(StridedCopy, TellsTransposesOfElementsFromOtherCopies) {
  Placed const source{{3, 8, 6}, {0, 0, 0}};
  Placed const transposed{{3, 8, 6}, {0, 0, 0}, 0, true};
  EXPECT_TRUE(is_transpose(make_strided_copy(source, transposed, {3, 8, 6}, 2), 2));
  EXPECT_TRUE(is_transpose(make_strided_copy(source, transposed, {1, 2, 2}, 8), 8));
  EXPECT_TRUE(is_transpose(make_strided_copy(source, 8, transposed, 2, {3, 8, 6}), 2));
  EXPECT_FALSE(is_transpose(make_strided_copy(source, source, {3, 8, 1}, 2), 2)) << "columns that stay columns";
  EXPECT_FALSE(is_transpose(make_strided_copy(source, transposed, {3, 8, 1}, 2), 2)) << "a column becomes a row";
  EXPECT_FALSE(is_transpose(make_strided_copy(source, transposed, {1, 1, 1}, 2), 2)) << "one element";
}

TEST(EnqueueCopies, DoesAllCopiesOfAList) {
  std::mt19937_64 random(13);
  std::vector<RandomCopy> tests;
  std::vector<testing::DeviceBytes> from;
  std::vector<testing::DeviceBytes> to;
  std::vector<std::vector<std::byte>> expected;
  std::vector<BoundCopy> copies;
  for (int i = 0; i < 200; ++i) tests.emplace_back(random);
  // Runs that are longer than what one thread takes at a time.
  tests.back().source = {{3, 1000003}, {1, 1}, 0};
  tests.back().destination = {{2, 1000001}, {0, 0}, 0};
  tests.back().extent = {2, 1000001};
  for (auto const& test : tests) {
    auto const bytes = random_bytes(test.source_bytes(), random);
    expected.emplace_back(test.destination_bytes());
    from.emplace_back(bytes);
    to.emplace_back(expected.back());
    test.copy_by_element(bytes, expected.back());
  }
  for (std::size_t i = 0; i < tests.size(); ++i) {
    copies.push_back({make_strided_copy(tests[i].source, tests[i].destination, tests[i].extent, tests[i].element_bytes),
                      from[i].data(), to[i].data()});
  }

  Kokkos::DefaultExecutionSpace const space;
  enqueue_copies(space, copies, "test");
  space.fence();

  for (std::size_t i = 0; i < tests.size(); ++i) ASSERT_EQ(to[i].on_host(), expected[i]) << i;
}

}  // namespace
}  // namespace distload
