// Companions cut along with their weights.
#include "partition/companion_cut.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/rules/rule_problem.hpp"
#include "partition/rules/rule_reader.hpp"
#include "unit/partition/column.hpp"

namespace distload::rules {
namespace {

using testing::column;
using ::testing::HasSubstr;

Partition const kWhole{};
AxisMap const kSameAxes{Follows{0, 1}, Follows{1, 1}};

Partition row(std::vector<Section> sections) { return {PartitionKind::row_parallel, 1, std::move(sections)}; }

/// A weight and a tensor beside it, in the shared formats.
struct Beside {
  /// @param block  what config.json says of the blocks' size
  Beside(std::string const& name, Shape shape_of_weight, Shape shape_beside, std::optional<std::uint64_t> block = {})
      : catalog(distload::testing::make_catalog({{"w.weight", shape_of_weight}, {name, shape_beside}}, 1)),
        config(block ? R"({"quantization_config": {"weight_block_size": [)" + std::to_string(*block) + ", " +
                           std::to_string(*block) + "]}}"
                     : "{}"),
        weight(shape_of_weight),
        shape(shape_beside) {
    companion = *companions.find(name);
  }

  AxisMap axes(Partition const& partition) const {
    return companions.follow(companion, weight, {weight.size() - 2, weight.size() - 1}, partition.axis, shape);
  }
  Partition cut(Partition const& partition) const { return cut_like(partition, axes(partition), shape); }
  std::string misfit(Partition const& partition, std::uint32_t ranks) const {
    auto const like = cut(partition);
    return rules::misfit({partition, weight}, {like, shape}, axes(partition), ranks).value_or("");
  }

  Catalog catalog;
  RuleSet set = read_rules({"test", "test.yaml", "rules: []\n", {distload::testing::shared_formats()}});
  ConfigValues config;
  Companions companions{catalog, set, config};
  Companion companion;
  Shape weight;
  Shape shape;
};

Partition cut_scale(Partition const& weight, Shape const& weight_shape, Shape const& shape,
                    std::optional<std::uint64_t> block = {}) {
  return Beside("w.weight_scale", weight_shape, shape, block).cut(weight);
}

TEST(CutCompanion, CutsBlocksWhereTheWeightIsCut) {
  Shape const weight{4 * 192, 512};
  auto const by_heads = column({{4 * 192, 192, false, false}});
  EXPECT_EQ(cut_scale(by_heads, weight, {}), kWhole) << "one for all";
  EXPECT_EQ(cut_scale(by_heads, weight, {1}), kWhole);
  EXPECT_EQ(cut_scale(by_heads, weight, {6, 4}), column({{6, 1, false, false}}));
  EXPECT_EQ(cut_scale(by_heads, weight, {4 * 192, 1}), by_heads);
  EXPECT_EQ(cut_scale(by_heads, weight, {4 * 192}), by_heads);
  auto const by_inputs = row({{512, 128, false, false}});
  EXPECT_EQ(cut_scale(by_inputs, weight, {6, 4}), row({{4, 1, false, false}}));
  EXPECT_EQ(cut_scale(by_inputs, weight, {4 * 192, 1}), kWhole) << "one for each row, which every rank needs";
  EXPECT_EQ(cut_scale(by_inputs, weight, {4 * 192}), kWhole);
  EXPECT_EQ(cut_scale(kWhole, weight, {6, 4}), kWhole);
}

TEST(CutCompanion, RefusesShapesThatDoNotGoWithTheWeights) {
  Shape const weight{4 * 192, 512};
  EXPECT_THROW(cut_scale(column({{4 * 192, 192, false, false}}), weight, {500, 4}), RuleProblem);
  EXPECT_THROW(cut_scale(row({{512, 1, false, false}}), weight, {512}), RuleProblem) << "one for each input?";
  EXPECT_THROW(cut_scale(row({{512, 1, false, false}}), weight, {768, 2, 2}), RuleProblem);
  EXPECT_THROW(cut_scale(row({{512, 1, false, false}}), weight, {24, 2, 16, 1}), RuleProblem);
  EXPECT_THROW(cut_scale(row({{512, 1, false, false}}), weight, {6, 4}, 0), ConfigProblem) << "blocks of no elements";
}

TEST(CutCompanion, KnowsSingleAxesBehindTheWeights) {
  Shape const weight{256, 512};
  EXPECT_EQ(cut_scale(column({{256, 32, false, false}}), weight, {8, 1, 16, 1}), column({{8, 1, false, false}}));
  Partition const third{PartitionKind::row_parallel, 2, {{16, 1, false, false}}};
  EXPECT_EQ(cut_scale(row({{512, 1, false, false}}), weight, {8, 1, 16, 1}), third);
  EXPECT_EQ(cut_scale(row({{512, 1, false, false}}), weight, {8, 1, 1, 1}), kWhole);

  Shape const experts{6, 256, 512};
  Partition const out{PartitionKind::column_parallel, 1, {{256, 1, false, false}}};
  Partition const in{PartitionKind::row_parallel, 2, {{512, 1, false, false}}};
  EXPECT_EQ(cut_scale(out, experts, {6, 8, 1, 16, 1}),
            (Partition{PartitionKind::column_parallel, 1, {{8, 1, false, false}}}));
  EXPECT_EQ(cut_scale(in, experts, {6, 8, 1, 16, 1}),
            (Partition{PartitionKind::row_parallel, 3, {{16, 1, false, false}}}));
  EXPECT_EQ(cut_scale(in, experts, {6, 8, 16}), (Partition{PartitionKind::row_parallel, 2, {{16, 1, false, false}}}));
  EXPECT_EQ(cut_scale(in, experts, {6}), kWhole) << "one for each expert";
}

TEST(CutCompanion, KeepsHeadsThatSeveralRanksShare) {
  auto const heads = column({{2 * 256, 256, true, false}});
  EXPECT_EQ(cut_scale(heads, {512, 64}, {4, 1}), column({{4, 2, true, false}}));
}

TEST(CutCompanion, TakesTheBlocksThatConfigJsonNamesIfTheShapeAgrees) {
  auto const odd = column({{500, 1, false, false}});
  EXPECT_EQ(cut_scale(odd, {500, 8}, {4, 1}, 128), column({{4, 4, false, false}})) << "the last block is smaller";
  EXPECT_EQ(cut_scale(odd, {500, 8}, {4, 1}), column({{4, 1, false, false}}));
  EXPECT_EQ(cut_scale(odd, {500, 8}, {500, 1}, 128), odd) << "one for each row";
  EXPECT_EQ(cut_scale(odd, {500, 8}, {20, 1}, 128), column({{20, 1, false, false}})) << "finer than config.json says";
  EXPECT_THROW(cut_scale(odd, {500, 8}, {3, 1}, 128), RuleProblem);
  EXPECT_THROW(cut_scale(odd, {500, 8}, {3, 1}), RuleProblem) << "the last block is smaller, by nobody knows what";
}

TEST(CutCompanion, CutsWhatFollowsTheInputsOnlyWithThem) {
  Shape const weight{256, 512};
  auto const cut = [&](Partition const& partition, Shape const& shape) {
    return Beside("w.pre_quant_scale", weight, shape).cut(partition);
  };
  EXPECT_EQ(cut(column({{256, 32, false, false}}), {512}), kWhole);
  EXPECT_EQ(cut(kWhole, {512}), kWhole);
  EXPECT_EQ(cut(row({{512, 1, false, true}}), {512}),
            (Partition{PartitionKind::row_parallel, 0, {{512, 1, false, true}}}));
  EXPECT_THROW(cut(row({{512, 1, false, false}}), {256}), RuleProblem);
  EXPECT_THROW(cut(row({{512, 1, false, false}}), {512, 1}), RuleProblem);
}

TEST(CutCompanion, WantsASingleNumberForTheWholeWeight) {
  auto const by_rows = column({{8, 1, false, false}});
  Shape const weight{8, 4};
  EXPECT_EQ(Beside("w.input_scale", weight, {1}).cut(by_rows), kWhole);
  EXPECT_THROW(Beside("w.input_scale", weight, {8}).cut(by_rows), RuleProblem);
}

/// Why a scale that is cut along with its weight does not fit it; "" if it does.
std::string misfit_of(Partition const& weight, Shape const& weight_shape, Shape const& shape, std::uint32_t ranks,
                      std::optional<std::uint64_t> block = {}) {
  return Beside("w.weight_scale", weight_shape, shape, block).misfit(weight, ranks);
}

TEST(Misfit, WantsPartsToEndAtBlocks) {
  Shape const weight{4 * 192, 512};
  auto const by_heads = column({{4 * 192, 192, false, false}});
  EXPECT_EQ(misfit_of(by_heads, weight, {6, 4}, 1, 128), "");
  EXPECT_EQ(misfit_of(by_heads, weight, {6, 4}, 2, 128), "");
  EXPECT_EQ(misfit_of(by_heads, weight, {12, 8}, 4, 128), "") << "finer than config.json says";
  EXPECT_THAT(misfit_of(by_heads, weight, {6, 4}, 4, 128),
              HasSubstr("a scale for every 128 elements along axis 0, but with 4 tensor-parallel ranks"));
  EXPECT_NE(misfit_of(column({{500, 1, false, false}}), {500, 8}, {4, 1}, 2, 128), "");
  EXPECT_EQ(misfit_of(column({{500, 1, false, false}}), {500, 8}, {4, 1}, 2), "");
  EXPECT_NE(misfit_of(column({{96, 1, false, false}, {96, 1, false, false}}), {192, 8}, {3, 1}, 3), "")
      << "a block of gate and up";
  Partition const vocabulary{PartitionKind::vocab_parallel, 0, {{512, 1, false, false}}};
  EXPECT_EQ(misfit_of(vocabulary, {512, 8}, {4, 1}, 4), "");
  EXPECT_NE(misfit_of(vocabulary, {512, 8}, {4, 1}, 8), "");
}

TEST(Misfit, FindsUnevenPartsThatEndElsewhere) {
  auto const uneven = row({{192, 1, false, true}});
  EXPECT_EQ(misfit_of(uneven, {64, 192}, {2, 6}, 3), "");
  EXPECT_NE(misfit_of(uneven, {64, 192}, {2, 6}, 4), "") << "48 of 192, where 32 share a scale";
  EXPECT_NE(misfit_of(uneven, {64, 192}, {2, 6}, 5), "");
  EXPECT_EQ(misfit_of(uneven, {64, 192}, {64, 192}, 5), "");
  EXPECT_EQ(misfit_of(uneven, {64, 192}, {64, 1}, 5), "");
  EXPECT_EQ(misfit_of(column({{192, 32, false, true}}), {192, 64}, {6, 1}, 4), "") << "whole blocks to every rank";
}

TEST(Misfit, HoldsRulesOfCompanionsAgainstThoseOfTheirWeights) {
  Shape const packed{256, 24};
  Shape const scales{256, 6};
  auto const why = [&](Partition const& weight, Partition const& companion, std::uint32_t ranks) {
    return misfit_by_size({weight, packed}, {companion, scales}, kSameAxes, {}, ranks).value_or("");
  };
  auto const weight = row({{24, 1, false, true}});
  auto const companion = row({{6, 1, false, true}});
  EXPECT_EQ(why(weight, companion, 2), "");
  EXPECT_THAT(why(weight, companion, 4), HasSubstr("a scale for every 4 elements along axis 1, but with 4"));
  EXPECT_EQ(why(row({{24, 4, false, true}}), companion, 4), "") << "2, 2, 1 and 1 groups";
  EXPECT_EQ(why(weight, kWhole, 4), "") << "every rank has all of them";
  EXPECT_THAT(why(kWhole, companion, 2), HasSubstr("every rank holds all of the weight"));
  EXPECT_THAT(why(weight, column({{256, 1, false, false}}), 2), HasSubstr("cut along axis 0"));
  EXPECT_THAT(why(row({{12, 1, false, false}, {12, 1, false, false}}), companion, 2), HasSubstr("do not end there"));
}

TEST(Misfit, KnowsCompanionsFinerThanAPackedWeight) {
  Partition const packed{PartitionKind::row_parallel, 0, {{8, 1, false, false}}};
  Partition const order{PartitionKind::row_parallel, 0, {{64, 1, false, false}}};
  Partition const uneven{PartitionKind::row_parallel, 0, {{64, 1, false, true}}};
  AxisMap const first{Follows{0, 1}, std::nullopt};
  EXPECT_EQ(misfit_by_size({packed, {8, 256}}, {order, {64}}, first, {}, 4), std::nullopt);
  Partition const of_three{PartitionKind::row_parallel, 0, {{8, 1, false, true}}};
  EXPECT_NE(misfit_by_size({of_three, {8, 256}}, {uneven, {64}}, first, {}, 3), std::nullopt);
}

}  // namespace
}  // namespace distload::rules
