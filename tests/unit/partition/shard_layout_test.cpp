// shard_layout against tables and, in random cases, against an element-wise reference.
#include <gtest/gtest.h>

#include <random>

#include <distload/partition/partition.hpp>

#include "unit/partition/column.hpp"

namespace distload {
namespace {

using testing::column;

TEST(ShardLayout, GivesEveryRankAllOfAReplicatedParameter) {
  EXPECT_EQ(shard_layout({}, {3, 4}, 1, 2), (ShardLayout{{3, 4}, {{whole({3, 4}), {0, 0}}}}));
  EXPECT_EQ(shard_layout({}, {}, 1, 2), (ShardLayout{{}, {{whole({}), {}}}}));
  EXPECT_EQ(shard_layout({}, {0, 4}, 0, 2), (ShardLayout{{0, 4}, {}}));
}

TEST(Divides, LooksAtEverySection) {
  Section const heads{32, 4, false};
  Section const shared_heads{8, 4, true};
  for (auto const ranks : {1U, 2U, 4U, 8U}) EXPECT_TRUE(divides(heads, ranks)) << ranks;
  for (auto const ranks : {3U, 16U}) EXPECT_FALSE(divides(heads, ranks)) << ranks;
  for (auto const ranks : {1U, 2U, 6U, 8U}) EXPECT_TRUE(divides(shared_heads, ranks)) << ranks;
  EXPECT_FALSE(divides(shared_heads, 3));
  EXPECT_TRUE(divides(column({heads, shared_heads}), 8));
  EXPECT_FALSE(divides(column({heads, shared_heads}), 6));
  EXPECT_FALSE(divides(column({{0, 1, true}, heads}), 3));
  EXPECT_TRUE(divides(Partition{}, 7));
  EXPECT_TRUE(divides(Partition{PartitionKind::vocab_parallel, 0, {{5, 1, false}}}, 7));
}

TEST(ShardLayout, CutsTheAxisOfThePartition) {
  EXPECT_EQ(shard_layout(column({{8, 1, false}}), {8, 6}, 3, 4), (ShardLayout{{2, 6}, {{{{6, 0}, {2, 6}}, {0, 0}}}}));
  EXPECT_EQ(shard_layout({PartitionKind::row_parallel, 1, {{6, 1, false}}}, {8, 6}, 1, 3),
            (ShardLayout{{8, 2}, {{{{0, 2}, {8, 2}}, {0, 0}}}}));
}

TEST(ShardLayout, PadsVocabulariesWithRowsThatNoPieceCovers) {
  Partition const vocabulary{PartitionKind::vocab_parallel, 0, {{5, 1, false}}};
  EXPECT_EQ(shard_layout(vocabulary, {5, 3}, 2, 4), (ShardLayout{{2, 3}, {{{{4, 0}, {1, 3}}, {0, 0}}}}));
  EXPECT_EQ(shard_layout(vocabulary, {5, 3}, 3, 4), (ShardLayout{{2, 3}, {}}));
}

TEST(ShardLayout, CutsTheSectionsOfAFusedParameterOneByOne) {
  // Four query heads, two key heads, two value heads of three elements each.
  auto const fused = column({{12, 3, false}, {6, 3, true}, {6, 3, true}});
  EXPECT_EQ(shard_layout(fused, {24}, 1, 2),
            (ShardLayout{{12}, {{{{6}, {6}}, {0}}, {{{15}, {3}}, {6}}, {{{21}, {3}}, {9}}}}));
}

TEST(ShardLayout, GivesWholeHeadsToSeveralRanks) {
  auto const fused = column({{12, 3, false}, {6, 3, true}, {6, 3, true}});
  EXPECT_EQ(shard_layout(fused, {24}, 2, 4),
            (ShardLayout{{9}, {{{{6}, {3}}, {0}}, {{{15}, {3}}, {3}}, {{{21}, {3}}, {6}}}}));
}

TEST(ShardLayout, IsOneBoxOnOneRank) {
  auto const fused = column({{12, 3, false}, {6, 3, true}, {6, 3, true}});
  EXPECT_EQ(shard_layout(fused, {24, 2}, 0, 1), (ShardLayout{{24, 2}, {{whole({24, 2}), {0, 0}}}}));
}

constexpr int kLayouts = 10000;

class RandomLayout {
 public:
  explicit RandomLayout(std::uint64_t seed) : random_(seed) {
    ranks = static_cast<std::uint32_t>(1 + below(9));
    for (auto axes = 1 + below(3); axes > 0; --axes) shape.push_back(1 + below(5));
    partition.axis = static_cast<std::uint32_t>(below(shape.size()));
    auto& size = shape[partition.axis];
    if (below(4) == 0) {
      partition.kind = PartitionKind::vocab_parallel;
      size = below(40);
      partition.sections = {{size, 1, false}};
      return;
    }
    partition.kind = below(2) == 0 ? PartitionKind::column_parallel : PartitionKind::row_parallel;
    size = 0;
    for (auto sections = 1 + below(4); sections > 0; --sections) {
      auto const replicate = below(2) == 0;
      auto units = ranks * (1 + below(3));
      if (replicate && below(2) == 0) {
        do units = 1 + below(ranks);
        while (ranks % units != 0);
      }
      auto const unit = 1 + below(4);
      partition.sections.push_back({units * unit, unit, replicate});
      size += units * unit;
    }
  }

  Partition partition;
  Shape shape;
  std::uint32_t ranks = 1;

 private:
  std::uint64_t below(std::uint64_t end) { return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_); }

  std::mt19937_64 random_;
};

/// The indices along the cut axis that each rank holds, in order: one decision per element, from the definitions alone.
std::vector<std::vector<std::uint64_t>> held_indices(RandomLayout const& test) {
  std::vector<std::vector<std::uint64_t>> held(test.ranks);
  auto const size = test.shape[test.partition.axis];
  if (test.partition.kind == PartitionKind::vocab_parallel) {
    auto padded = size;
    while (padded % test.ranks != 0) ++padded;
    for (std::uint64_t i = 0; i < size; ++i) held[i * test.ranks / padded].push_back(i);
    return held;
  }
  std::uint64_t index = 0;
  for (auto const& section : test.partition.sections) {
    auto const units = section.size / section.unit;
    for (std::uint64_t i = 0; i < section.size; ++i, ++index) {
      auto const unit = i / section.unit;
      for (std::uint64_t rank = 0; rank < test.ranks; ++rank) {
        // Ranks and units lie evenly on one line; a rank holds the units that its stretch touches.
        if (unit * test.ranks < (rank + 1) * units && rank * units < (unit + 1) * test.ranks)
          held[rank].push_back(index);
      }
    }
  }
  return held;
}

bool advance(Dims& position, Shape const& shape) {
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (++position[axis] < shape[axis]) return true;
    position[axis] = 0;
  }
  return false;
}

TEST(ShardLayout, OwnsEveryElementAsItsPartitionSaysInRandomCases) {
  constexpr std::uint64_t kPadding = ~std::uint64_t{0};
  for (int seed = 0; seed < kLayouts; ++seed) {
    RandomLayout const test(static_cast<std::uint64_t>(seed));
    auto const axis = test.partition.axis;
    auto const held = held_indices(test);
    for (std::uint32_t rank = 0; rank < test.ranks; ++rank) {
      auto const layout = shard_layout(test.partition, test.shape, rank, test.ranks);

      auto expected_shape = test.shape;
      expected_shape[axis] = test.partition.kind == PartitionKind::vocab_parallel
                                 ? (test.shape[axis] + test.ranks - 1) / test.ranks
                                 : held[rank].size();
      ASSERT_EQ(layout.shape, expected_shape) << "seed " << seed << " rank " << rank;

      std::vector<std::uint64_t> found(volume(layout.shape), kPadding);
      for (auto const& piece : layout.pieces) {
        ASSERT_GT(volume(piece.global), 0U) << "seed " << seed;
        ASSERT_TRUE(contains(whole(test.shape), piece.global)) << "seed " << seed;
        auto at = Dims::filled(test.shape.size(), 0);
        do {
          auto global = at;
          auto local = at;
          for (std::size_t i = 0; i < at.size(); ++i) {
            global[i] += piece.global.offset[i];
            local[i] += piece.local_offset[i];
          }
          auto& element = found.at(linear_index(layout.shape, local));
          ASSERT_EQ(element, kPadding) << "placed twice, seed " << seed;
          element = linear_index(test.shape, global);
        } while (advance(at, piece.global.extent));
      }

      std::vector<std::uint64_t> expected(found.size(), kPadding);
      auto local = Dims::filled(test.shape.size(), 0);
      for (std::size_t i = 0; i < expected.size(); ++i, advance(local, layout.shape)) {
        auto global = local;
        if (local[axis] >= held[rank].size()) continue;
        global[axis] = held[rank][local[axis]];
        expected[i] = linear_index(test.shape, global);
      }
      ASSERT_EQ(found, expected) << "seed " << seed << " rank " << rank;
    }
  }
}

}  // namespace
}  // namespace distload
