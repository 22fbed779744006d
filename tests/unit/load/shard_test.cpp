// Views cut and put together: by tables, and as an identity over random partitions.
#include <distload/load/shard.hpp>

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include <distload/base/error.hpp>

namespace distload {
namespace {

/// A tensor of the numbers 1, 2, ... in row-major order.
template <class Layout = Kokkos::LayoutRight>
Kokkos::View<std::int32_t**, Layout> counting(std::size_t rows, std::size_t columns) {
  Kokkos::View<std::int32_t**, Layout> tensor("counting", rows, columns);
  auto const host = Kokkos::create_mirror_view(tensor);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column)
      host(row, column) = static_cast<std::int32_t>(row * columns + column + 1);
  }
  Kokkos::deep_copy(tensor, host);
  return tensor;
}

template <class View>
std::vector<std::int32_t> numbers_of(View const& view) {
  auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
  return {host.data(), host.data() + host.size()};
}

using Numbers = std::vector<std::int32_t>;

Partition cut(PartitionKind kind, std::uint32_t axis, std::vector<Section> sections) {
  return {kind, axis, std::move(sections)};
}

TEST(Shard, CutsEitherAxis) {
  auto const tensor = counting(4, 4);
  auto const rows = shard(tensor, cut(PartitionKind::column_parallel, 0, {{4, 1, false}}), 1, 2);
  EXPECT_EQ(rows.extent(0), 2U);
  EXPECT_EQ(numbers_of(rows), (Numbers{9, 10, 11, 12, 13, 14, 15, 16}));
  auto const columns = shard(tensor, cut(PartitionKind::row_parallel, 1, {{4, 1, false}}), 1, 2);
  EXPECT_EQ(columns.extent(1), 2U);
  EXPECT_EQ(numbers_of(columns), (Numbers{3, 4, 7, 8, 11, 12, 15, 16}));
}

TEST(Shard, PadsVocabulariesWithZeros) {
  auto const partition = cut(PartitionKind::vocab_parallel, 0, {{5, 1, false}});
  EXPECT_EQ(numbers_of(shard(counting(5, 2), partition, 1, 4)), (Numbers{5, 6, 7, 8}));
  EXPECT_EQ(numbers_of(shard(counting(5, 2), partition, 2, 4)), (Numbers{9, 10, 0, 0}));
  EXPECT_EQ(numbers_of(shard(counting(5, 2), partition, 3, 4)), (Numbers{0, 0, 0, 0}));
}

TEST(Shard, CutsSectionBySectionAndGivesWholeHeadsToSeveralRanks) {
  Section const query{4, 1, false};
  Section const key{2, 1, true};
  auto const partition = cut(PartitionKind::column_parallel, 0, {query, key});
  EXPECT_EQ(numbers_of(shard(counting(6, 1), partition, 0, 4)), (Numbers{1, 5}));
  EXPECT_EQ(numbers_of(shard(counting(6, 1), partition, 1, 4)), (Numbers{2, 5}));
  EXPECT_EQ(numbers_of(shard(counting(6, 1), partition, 3, 4)), (Numbers{4, 6}));
}

TEST(Shard, TakesAnyLayoutAndRank) {
  auto const expected = Numbers{3, 4, 7, 8, 11, 12, 15, 16};
  auto const partition = cut(PartitionKind::row_parallel, 1, {{4, 1, false}});
  EXPECT_EQ(numbers_of(shard(counting<Kokkos::LayoutLeft>(4, 4), partition, 1, 2)), expected);

  auto const wide = counting(4, 9);
  auto const part = Kokkos::subview(wide, Kokkos::ALL, Kokkos::make_pair(2, 6));
  EXPECT_EQ(numbers_of(shard(part, partition, 0, 2)), (Numbers{3, 4, 12, 13, 21, 22, 30, 31}));

  Kokkos::View<std::int32_t const* [4], Kokkos::LayoutRight> const fixed = counting(4, 4);
  EXPECT_EQ(numbers_of(shard(fixed, partition, 1, 2)), expected);

  Kokkos::View<std::int32_t> const scalar("scalar");
  Kokkos::deep_copy(scalar, 7);
  EXPECT_EQ(numbers_of(shard(scalar, {}, 1, 2)), Numbers{7});

  auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), counting(4, 4));
  EXPECT_EQ(numbers_of(shard(host, partition, 1, 2)), expected);
}

TEST(Shard, RefusesWhatCannotBeCut) {
  auto const tensor = counting(4, 6);
  EXPECT_THROW(shard(tensor, cut(PartitionKind::column_parallel, 0, {{4, 1, false}}), 0, 3), ConfigError);
  EXPECT_THROW(shard(tensor, cut(PartitionKind::column_parallel, 0, {{6, 1, false}}), 0, 2), ConfigError);
  EXPECT_THROW(shard(tensor, cut(PartitionKind::column_parallel, 2, {{4, 1, false}}), 0, 2), ConfigError);
  EXPECT_THROW(shard(tensor, cut(PartitionKind::column_parallel, 0, {{4, 0, false}}), 0, 2), ConfigError);
  EXPECT_THROW(shard(tensor, cut(PartitionKind::column_parallel, 0, {{4, 3, false}}), 0, 1), ConfigError);
  EXPECT_THROW(shard(tensor, {}, 2, 2), ConfigError);
}

TEST(Unshard, RefusesShardsOfAnotherShape) {
  auto const partition = cut(PartitionKind::column_parallel, 0, {{4, 1, false}});
  EXPECT_THROW(unshard(std::vector{counting(2, 3), counting(1, 3)}, partition, {4, 3}), ConfigError);
  EXPECT_THROW(unshard(std::vector<Kokkos::View<float**>>{}, partition, {4, 3}), ConfigError);
}

TEST(Unshard, TakesWhatSeveralRanksHoldFromTheFirst) {
  // The last rank's query, key and value follow each other in the tensor, those of the others do not.
  auto const partition = cut(PartitionKind::column_parallel, 0, {{4, 1, false}, {1, 1, true}, {1, 1, true}});
  std::vector<Kokkos::View<std::int32_t**, Kokkos::LayoutRight>> shards;
  for (std::uint32_t rank = 0; rank < 4; ++rank) shards.push_back(shard(counting(6, 1), partition, rank, 4));
  Kokkos::deep_copy(Kokkos::subview(shards[3], Kokkos::pair(1, 3), Kokkos::ALL), 99);
  EXPECT_EQ(numbers_of(unshard(shards, partition, {6, 1})), (Numbers{1, 2, 3, 4, 5, 6}));
}

class RandomPartitions {
 public:
  std::uint64_t number(std::uint64_t least, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(least, most)(random_);
  }

  Partition partition(std::uint32_t ranks) {
    auto const axis = static_cast<std::uint32_t>(number(0, 1));
    switch (number(0, 3)) {
      case 0: return {};
      case 1: return cut(PartitionKind::vocab_parallel, 0, {{number(1, 40), 1, false}});
      default: break;
    }
    std::vector<Section> sections;
    for (auto left = number(1, 3); left > 0; --left) {
      auto const unit = number(1, 5);
      auto const divisor = number(1, ranks);
      if (ranks % divisor == 0 && divisor < ranks) {
        sections.push_back({divisor * unit, unit, true});
      } else {
        sections.push_back({unit * ranks * number(1, 3), unit, false});
      }
    }
    return cut(axis == 0 ? PartitionKind::column_parallel : PartitionKind::row_parallel, axis, sections);
  }

 private:
  std::mt19937_64 random_{20261123};
};

TEST(Unshard, GivesBackWhatWasCut) {
  RandomPartitions random;
  for (int trial = 0; trial < 300; ++trial) {
    auto const ranks = static_cast<std::uint32_t>(random.number(1, 8));
    auto const partition = random.partition(ranks);
    Shape shape{random.number(1, 12), random.number(1, 12)};
    if (partition.kind != PartitionKind::replicated) {
      shape[partition.axis] = std::accumulate(partition.sections.begin(), partition.sections.end(), std::uint64_t{0},
                                              [](auto sum, auto const& section) { return sum + section.size; });
    }
    auto const tensor = counting(shape[0], shape[1]);
    std::vector<Kokkos::View<std::int32_t**, Kokkos::LayoutRight>> shards;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) shards.push_back(shard(tensor, partition, rank, ranks));
    auto const whole = unshard(shards, partition, shape);
    EXPECT_EQ(numbers_of(whole), numbers_of(tensor)) << to_string(shape) << " for " << ranks << " ranks";
  }
}

}  // namespace
}  // namespace distload
