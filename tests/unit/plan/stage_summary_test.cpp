// Layers and memory of pipeline stages.
#include "plan/stage_summary.hpp"

#include <gtest/gtest.h>

#include "plan/make_plan.hpp"
#include "small_model.hpp"

namespace distload {
namespace {

TEST(SummariseStages, ListsTheLayersAndTheNeediestRankOfEachStage) {
  testing::SmallModel model;
  model.add({512, 1024}, testing::cut_along(0, 512));  // 2 MiB, the embedding
  for (std::uint32_t layer = 0; layer < 3; ++layer) {
    auto& parameter = model.add({1024, 1024}, testing::cut_along(0, 1024));  // 4 MiB
    parameter.layer = layer;
    parameter.stages = {layer < 2 ? 0U : 1U};
  }
  auto const plan = make_plan(model.catalog, model.layout, {2, 2, 1}, 0, {});
  auto const stages = summarise_stages(plan, model.layout);
  ASSERT_EQ(stages.size(), 2U);
  EXPECT_EQ(stages[0].layers, (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(stages[1].layers, (std::vector<std::uint64_t>{2}));
  EXPECT_TRUE(stages[0].has_others);
  EXPECT_FALSE(stages[1].has_others);
  EXPECT_EQ(stages[0].parameters, 3U);
  EXPECT_EQ(stages[1].first_rank, 2U);
  EXPECT_EQ(stages[1].ranks, 2U);
  EXPECT_EQ(stages[0].resident_bytes, 5 * kMiB);
  EXPECT_EQ(stages[1].resident_bytes, 2 * kMiB);
  EXPECT_GE(stages[1].needed_bytes, stages[1].resident_bytes);
  EXPECT_EQ(stages[0].read_bytes, 10 * kMiB);
  EXPECT_EQ(plan.needed_bytes(), stages[0].needed_bytes);
}

}  // namespace
}  // namespace distload
