// Layers on pipeline stages.
#include "partition/stages.hpp"

#include <gtest/gtest.h>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

using Stages = std::vector<std::uint32_t>;

TEST(StageOfLayer, GivesTheRemainderToTheFirstStages) {
  Stages found;
  for (std::uint32_t layer = 0; layer < 11; ++layer) found.push_back(stage_of_layer(layer, 11, 4));
  EXPECT_EQ(found, (Stages{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3}));
}

TEST(StageOfLayer, IsContiguousAndEvenForAllSmallNumbers) {
  for (std::uint32_t layers = 1; layers <= 40; ++layers) {
    for (std::uint32_t stages = 1; stages <= layers; ++stages) {
      Stages count(stages);
      std::uint32_t previous = 0;
      for (std::uint32_t layer = 0; layer < layers; ++layer) {
        auto const stage = stage_of_layer(layer, layers, stages);
        ASSERT_GE(stage, previous);
        previous = stage;
        ++count.at(stage);
      }
      for (std::uint32_t stage = 0; stage < stages; ++stage) {
        ASSERT_EQ(count[stage], layers / stages + (stage < layers % stages ? 1 : 0));
      }
    }
  }
}

TEST(StageFinder, RefusesMoreLayersThanAnyModelHas) {
  auto const problem_of = [](std::string const& json, std::optional<std::uint32_t> layer) -> std::string {
    ConfigValues const config(json);
    std::vector<SizeDefinition> definitions;
    for (auto const* const name : {"layers", "extra_layers", "first"}) {
      definitions.push_back({name, {{parse_term(std::string("config.").append(name))}, name}});
    }
    Sizes const sizes(definitions, config);
    std::vector<std::uint32_t> const stage_layers;
    try {
      StageFinder const stages(sizes, 1, stage_layers);
      Rule rule;
      if (json.find("first") != std::string::npos) rule.layer_offset = Expression{{parse_term("first")}, "first"};
      stages.of(rule, layer);
    } catch (RuleProblem const& problem) {
      return problem.what();
    }
    return "";
  };
  EXPECT_EQ(problem_of(R"({"layers": 10000})", 9999), "");
  EXPECT_EQ(problem_of(R"({"layers": 2000000000})", 0), "layers is 2000000000, expected at most 10000");
  EXPECT_EQ(problem_of(R"({"extra_layers": 10001})", 0), "extra_layers is 10001, expected at most 10000");
  EXPECT_EQ(problem_of("{}", 4294967295), "a layer of number 4294967295; a model has at most 10000");
  EXPECT_EQ(problem_of(R"({"first": 1099511627776})", 1), "a layer of number 1099511627777; a model has at most 10000");
}

TEST(StagesOf, PlacesWhatBelongsToNoLayer) {
  EXPECT_EQ(stages_of(StageRule::first, {}, {}, 4), Stages{0});
  EXPECT_EQ(stages_of(StageRule::last, {}, {}, 4), Stages{3});
  EXPECT_EQ(stages_of(StageRule::first_and_last, {}, {}, 4), (Stages{0, 3}));
  EXPECT_EQ(stages_of(StageRule::first_and_last, {}, {}, 1), Stages{0});
  EXPECT_EQ(stages_of(StageRule::all, {}, {}, 3), (Stages{0, 1, 2}));
}

TEST(StagesOf, FollowsTheLayersThatAreGivenToEachStage) {
  std::vector<std::uint32_t> const given{2, 1, 3};
  Stages found;
  for (std::uint32_t layer = 0; layer < 6; ++layer)
    found.push_back(stages_of(StageRule::of_layer, layer, 6, 3, given).front());
  EXPECT_EQ(found, (Stages{0, 0, 1, 2, 2, 2}));
  EXPECT_EQ(stages_of(StageRule::last, {}, 6, 3, given), Stages{2});
  EXPECT_EQ(stages_of(StageRule::of_layer, 5, {}, 3, given), Stages{2});
  EXPECT_THROW(stages_of(StageRule::of_layer, 0, 7, 3, given), RuleProblem);
  EXPECT_THROW(stages_of(StageRule::of_layer, 6, {}, 3, given), RuleProblem);
}

TEST(StagesOf, NeedsTheNumberOfLayersOnlyForSeveralStages) {
  EXPECT_EQ(stages_of(StageRule::of_layer, 7, {}, 1), Stages{0});
  EXPECT_EQ(stages_of(StageRule::of_layer, 7, 8, 2), Stages{1});
  EXPECT_THROW(stages_of(StageRule::of_layer, 7, {}, 2), RuleProblem);
  EXPECT_THROW(stages_of(StageRule::of_layer, 1, 2, 3), RuleProblem);
  EXPECT_THROW(stages_of(StageRule::of_layer, 7, 7, 1), RuleProblem);
}

}  // namespace
}  // namespace distload::rules
