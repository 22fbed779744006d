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
