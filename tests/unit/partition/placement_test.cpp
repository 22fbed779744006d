// Which ranks hold which part: tables, and every element's owners counted in random cases.

#include <gtest/gtest.h>

#include <random>

#include <distload/base/error.hpp>

#include "partition/placement.hpp"

namespace distload {
namespace {

using Parts = std::vector<std::optional<std::uint32_t>>;

Parts parts_of(Placement const& placement, Topology const& topology) {
  Parts parts;
  for (std::uint32_t rank = 0; rank < topology.ranks(); ++rank) parts.push_back(placement.part_of(topology, rank));
  return parts;
}

TEST(Placement, FollowsTensorRanksWithoutExpertParallelism) {
  Topology const topology{2, 1, 2};
  Partition const column{PartitionKind::column_parallel, 0, {{4, 1}}};
  auto const placement = placement_of(column, std::nullopt, {4, 3}, topology);
  EXPECT_EQ(placement.partition, column);
  EXPECT_EQ(parts_of(placement, topology), (Parts{0, 1, 0, 1}));
}

TEST(Placement, GivesOneExpertToItsGroup) {
  Topology const topology{2, 1, 4, 4};
  auto const placement =
      placement_of({PartitionKind::column_parallel, 0, {{4, 1}}}, ExpertPlacement{3, 0}, {4, 3}, topology);
  EXPECT_EQ(placement.partition, Partition{}) << "experts stay whole";
  EXPECT_EQ(parts_of(placement, topology), (Parts{{}, {}, {}, 3, {}, {}, {}, 3}));
}

TEST(Placement, CutsExpertsInOneTensorAlongTheirAxis) {
  Topology const topology{4, 2, 1, 2};
  auto const placement = placement_of({}, ExpertPlacement{std::nullopt, 0}, {6, 2, 2}, topology);
  EXPECT_EQ(parts_of(placement, topology), (Parts{0, 1, 0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(shard_layout(placement.partition, {6, 2, 2}, 1, placement.parts).shape, (Shape{3, 2, 2}));
}

TEST(CheckExpertParallel, WantsAStagesRanksDivided) {
  EXPECT_NO_THROW(check_expert_parallel({2, 3, 3, 6}));
  EXPECT_THROW(check_expert_parallel({2, 3, 3, 4}), ConfigError);
  EXPECT_THROW(check_expert_parallel({2, 3, 3, 0}), ConfigError);
}

constexpr int kPlacements = 5000;

class RandomPlacement {
 public:
  explicit RandomPlacement(std::uint64_t seed) : random_(seed) {
    topology = {1 + below(6), 1 + below(3), 1 + below(4)};
    do topology.expert_parallel = 1 + below(topology.stage_ranks());
    while (topology.stage_ranks() % topology.expert_parallel != 0);
    for (auto axes = 1 + below(3); axes > 0; --axes) shape.push_back(1 + below(4));
    auto const axis = below(static_cast<std::uint32_t>(shape.size()));
    auto const tensor = topology.tensor_parallel;
    owners_per_stage = topology.data_parallel;
    switch (below(6)) {
      case 0: owners_per_stage *= tensor; break;  // replicated
      case 1: partition = {PartitionKind::vocab_parallel, 0, {}}; break;
      case 2: cut(axis, {tensor * (1 + below(3)), 1 + below(3), false, false}); break;
      case 3: {  // fewer heads than ranks
        auto const units = divisor_of(tensor);
        cut(axis, {units, 1 + below(3), true, false});
        owners_per_stage *= tensor / units;
        break;
      }
      case 4: cut(axis, {below(3 * tensor), 1 + below(3), false, true}); break;
      default:
        owners_per_stage = topology.stage_ranks() / topology.expert_parallel;
        experts = ExpertPlacement{below(topology.expert_parallel), 0};
        if (below(2) == 0) {
          experts = ExpertPlacement{std::nullopt, axis};
          shape[axis] = topology.expert_parallel * (1 + below(2));
        }
    }
  }

  Topology topology;
  Shape shape;
  Partition partition;
  std::optional<ExpertPlacement> experts;
  std::uint64_t owners_per_stage = 1;

 private:
  struct Units {
    std::uint64_t count;
    std::uint64_t unit;
    bool replicate;
    bool uneven;
  };

  std::uint32_t below(std::uint32_t end) { return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(random_); }

  std::uint32_t divisor_of(std::uint32_t number) {
    for (;;) {
      if (auto const candidate = 1 + below(number); number % candidate == 0) return candidate;
    }
  }

  /// Into one to three sections alike.
  void cut(std::uint32_t axis, Units const& units) {
    partition = {PartitionKind::column_parallel, axis, {}};
    partition.sections.assign(1 + below(3), {units.count * units.unit, units.unit, units.replicate, units.uneven});
    shape[axis] = partition.sections.size() * units.count * units.unit;
  }

  std::mt19937_64 random_;
};

TEST(Placement, OwnsEveryElementAsOftenAsItsPartitionSays) {
  for (int seed = 0; seed < kPlacements; ++seed) {
    RandomPlacement const test(static_cast<std::uint64_t>(seed));
    auto const placement = placement_of(test.partition, test.experts, test.shape, test.topology);
    std::vector<std::uint64_t> owners(volume(test.shape));
    auto const stage = test.topology.pipeline_parallel - 1;  // all are alike
    for (std::uint32_t in_stage = 0; in_stage < test.topology.stage_ranks(); ++in_stage) {
      auto const part = placement.part_of(test.topology, stage * test.topology.stage_ranks() + in_stage);
      if (!part) continue;
      auto const layout = shard_layout(placement.partition, test.shape, *part, placement.parts);
      std::uint64_t local = 0;
      for (auto const& piece : layout.pieces) {
        local += volume(piece.global);
        for (std::uint64_t i = 0; i < owners.size(); ++i) {
          auto rest = i;
          bool inside = true;
          for (auto axis = test.shape.size(); axis-- > 0; rest /= test.shape[axis]) {
            auto const at = rest % test.shape[axis];
            inside =
                inside && at >= piece.global.offset[axis] && at < piece.global.offset[axis] + piece.global.extent[axis];
          }
          owners[i] += inside ? 1 : 0;
        }
      }
      if (test.partition.kind != PartitionKind::vocab_parallel || test.experts) {
        ASSERT_EQ(local, volume(layout.shape)) << "only vocabularies are padded, seed " << seed;
      }
    }
    ASSERT_EQ(owners, std::vector<std::uint64_t>(owners.size(), test.owners_per_stage)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace distload
