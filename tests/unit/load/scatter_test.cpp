// Scatters, taken in steps of any size: the same as the copies that they stand for.
#include "load/scatter.hpp"

#include <array>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace distload {
namespace {

constexpr std::uint32_t kOwnRank = 3;

/// Columns [first, first + columns) of a matrix of bytes that passes by, to a matrix of these columns alone.
PlannedCopy columns_of(Shape const& matrix, std::uint64_t first, std::uint64_t columns, Bytes destination) {
  Placed const source{matrix, Dims{0, first}, 0};
  Placed const target{Shape{matrix[0], columns}, Dims{0, 0}, destination};
  return {Area::passing, Area::arena, make_strided_copy(source, target, Dims{matrix[0], columns}, 1), {}};
}

std::vector<std::byte> numbered(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 256);
  return bytes;
}

TEST(Scatter, CopiesInStepsWhatItWouldCopyAtOnce) {
  Shape const matrix{37, 29};
  auto const passing = numbered(volume(matrix));
  for (Bytes const step : {1U, 2U, 7U, 28U, 29U, 30U, 100U, 5000U}) {
    Wave wave;
    wave.reads = {{}, {0, Area::passing, 0, passing.size(), 0}};
    std::vector<std::byte> expected(2 * passing.size());
    Bytes end = 0;
    for (auto const& [first, columns] : {std::pair<std::uint64_t, std::uint64_t>{0, 5}, {5, 23}, {28, 1}, {0, 29}}) {
      auto const copy = columns_of(matrix, first, columns, end);
      wave.scatters.push_back(copy);
      wave.scatter_targets.push_back({1, kOwnRank});
      copy_on_host(copy.copy, passing.data(), expected.data());
      end += matrix[0] * columns;
    }
    std::vector<std::byte> arena(expected.size());
    Scatter scatter(wave, kOwnRank, arena.data(), nullptr);

    for (std::size_t begin = 0; begin < passing.size(); begin += step) {
      PassingBytes const bytes{1, begin, std::span(passing).subspan(begin, std::min(step, passing.size() - begin))};
      scatter.take(std::span(&bytes, 1));
    }

    EXPECT_EQ(arena, expected) << "in steps of " << step;
  }
}

TEST(Scatter, KeepsReadsApart) {
  Shape const matrix{4, 8};
  auto const passing = numbered(volume(matrix));
  Wave wave;
  wave.reads.assign(3, {0, Area::passing, 0, passing.size(), 0});
  for (std::uint32_t const read : {0U, 2U}) {
    wave.scatters.push_back(columns_of(matrix, 4 * read / 2, 4, 16 * read / 2));
    wave.scatter_targets.push_back({read, kOwnRank});
  }
  std::vector<std::byte> arena(32);
  Scatter scatter(wave, kOwnRank, arena.data(), nullptr);
  std::array<PassingBytes, 2> const reads{{{1, 0, passing}, {2, 0, passing}}};
  scatter.take(std::span(reads).first(1));  // nobody wants it
  EXPECT_EQ(arena, std::vector<std::byte>(32));
  scatter.take(reads);
  std::vector<std::byte> expected(32);
  copy_on_host(columns_of(matrix, 4, 4, 16).copy, passing.data(), expected.data());
  EXPECT_EQ(arena, expected);
}

}  // namespace
}  // namespace distload
