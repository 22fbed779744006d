// What a layout says of a model as a whole: experts on their ranks, uneven cuts, scales, and what is missing or too
// much.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <distload/partition/model_layout.hpp>

#include "model_fixture.hpp"

namespace distload::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char const* kRules = R"(
sizes: {layers: config.layers, experts: config.experts}
rules:
  - {match: "h.{layer}.up.{weight,bias}", partition: column_parallel, uneven: true}
  - {match: "h.{layer}.down.weight", partition: row_parallel, uneven: true}
  - {match: ["h.{layer}.down.bias", "h.{layer}.norm.bias"], partition: replicated}
  - {match: "h.{layer}.experts.{expert}.w", partition: column_parallel}
  - {match: "h.{layer}.experts.all", partition: column_parallel, axis: 1, expert_axis: 0}
  - {match: "h.{layer}.first", partition: replicated, optional: true}
  - {match: "embed", partition: replicated, stage: first}
required:
  - "embed"
  - {match: ["head", "h.{layer}.head"], unless: "score"}
)";

class WholeModel {
 public:
  explicit WholeModel(std::vector<NamedShape> const& tensors, std::uint32_t layers = 2)
      : catalog_(make_catalog(tensors, layers)) {
    options.missing = Tolerance::ignore;
  }

  ModelLayout layout() const {
    return partition_model(catalog_, topology, rules_of(kRules), R"({"layers": 2, "experts": 8})", options);
  }
  std::string error() const {
    return config_error_of([&] { layout(); });
  }
  Parameter parameter(std::string const& name) const { return parameter_of(catalog_, layout(), name); }

  Topology topology;
  LayoutOptions options;

 private:
  Catalog catalog_;
};

TEST(WholeModel, DealsOutWholeExperts) {
  WholeModel model({{"h.{layer}.experts.5.w", {7, 3}}, {"h.{layer}.experts.all", {8, 6, 3}}});
  model.topology = {2, 1, 2, 4};
  EXPECT_EQ(model.parameter("h.0.experts.5.w").experts, (ExpertPlacement{2, 0})) << "of eight, two in each group";
  EXPECT_EQ(model.parameter("h.1.experts.all").experts, (ExpertPlacement{std::nullopt, 0}));
  model.topology = {2, 1, 1, 1};
  EXPECT_THAT(model.error(), HasSubstr("7 elements along axis 0 do not divide by 2")) << "cut by tensor-parallel ranks";
  model.topology = {3, 1, 1, 3};
  EXPECT_THAT(model.error(), HasSubstr("8 experts do not divide by topology.expert_parallel 3"));
}

TEST(WholeModel, RefusesExpertsThatConfigJsonDoesNotKnow) {
  WholeModel beyond({{"h.0.experts.8.w", {8, 3}}});
  beyond.topology = {2, 1, 1, 2};
  EXPECT_THAT(beyond.error(), HasSubstr("there are only 8 experts"));
  WholeModel fewer({{"h.0.experts.all", {4, 6, 3}}});
  fewer.topology = {2, 1, 1, 2};
  EXPECT_THAT(fewer.error(), HasSubstr("there are 8 experts, which must stand along axis 0"));
}

TEST(WholeModel, CutsUnevenlyOnlyWhenAsked) {
  WholeModel model({{"h.{layer}.up.weight", {7, 3}}, {"h.{layer}.down.weight", {3, 7}}});
  model.topology = {4, 1, 1};
  EXPECT_THAT(model.error(), HasSubstr("do not divide by 4 tensor-parallel ranks; topology.uneven: allow would cut"));
  model.options.uneven = true;
  auto const partition = model.parameter("h.0.up.weight").partition;
  std::vector<std::uint64_t> rows;
  for (std::uint32_t rank = 0; rank < 4; ++rank) rows.push_back(shard_layout(partition, {7, 3}, rank, 4).shape[0]);
  EXPECT_EQ(rows, (std::vector<std::uint64_t>{2, 2, 2, 1}));
}

TEST(WholeModel, MarksBiasesThatAreAddedOnce) {
  WholeModel const model({{"h.{layer}.up.weight", {8, 3}},
                          {"h.{layer}.up.bias", {8}},
                          {"h.{layer}.down.weight", {3, 8}},
                          {"h.{layer}.down.bias", {3}},
                          {"h.{layer}.norm.bias", {3}}});
  EXPECT_TRUE(model.parameter("h.0.down.bias").added_once);
  EXPECT_FALSE(model.parameter("h.0.up.bias").added_once) << "every rank adds its own part";
  EXPECT_FALSE(model.parameter("h.0.norm.bias").added_once);
}

TEST(WholeModel, CutsScalesWithTheirWeights) {
  WholeModel model({{"h.{layer}.up.weight", {8, 3}},
                    {"h.{layer}.up.weight_scale_inv", {4, 2}},
                    {"h.{layer}.up.input_scale", {}},
                    {"h.{layer}.experts.5.w", {8, 3}},
                    {"h.{layer}.experts.5.w_scale", {8, 1}}});
  model.topology = {2, 1, 1};
  auto const scale = model.parameter("h.1.up.weight_scale_inv");
  EXPECT_TRUE(scale.keep_dtype);
  EXPECT_EQ(scale.partition, (Partition{PartitionKind::column_parallel, 0, {{4, 1}}}));
  EXPECT_EQ(model.parameter("h.1.up.input_scale").partition, Partition{});
  model.topology = {2, 1, 1, 2};
  EXPECT_EQ(model.parameter("h.0.experts.5.w_scale").experts, (ExpertPlacement{1, 0}));
  model.topology = {8, 1, 1};
  EXPECT_THAT(model.error(), HasSubstr("a scale for every 2 elements along axis 0, but with 8 tensor-parallel ranks"));
}

TEST(WholeModel, FindsWhatIsMissing) {
  WholeModel model({{"h.{layer}.up.weight", {8, 3}},
                    {"h.0.down.weight", {3, 8}},
                    {"h.1.down.weight", {3, 8}},
                    {"h.2.up.weight", {8, 3}},
                    {"h.1.first", {1}}});
  WholeModel lacking({{"h.{layer}.up.weight", {8, 3}}, {"h.0.down.weight", {3, 8}}, {"h.0.first", {1}}});
  lacking.options.missing = Tolerance::error;
  EXPECT_THAT(lacking.error(),
              AllOf(HasSubstr("missing, though other layers have it:\n    h.1.down.weight [3, 8]"),
                    HasSubstr("missing (test.yaml:12):\n    embed"),
                    HasSubstr("missing (test.yaml:13):\n    head or h.{layer}.head"), Not(HasSubstr("h.1.first"))));
  lacking.options.missing = Tolerance::warn;
  ASSERT_THAT(lacking.layout().warnings, SizeIs(1));
  EXPECT_THAT(lacking.layout().warnings[0], HasSubstr("model: 3 tensors are missing:"));
  lacking.options.missing = Tolerance::ignore;
  EXPECT_THAT(lacking.layout().warnings, IsEmpty());
}

TEST(WholeModel, FindsLayersThatAreNotThereAtAll) {
  WholeModel model({{"h.0.up.weight", {8, 3}}, {"embed", {1}}});
  model.options.missing = Tolerance::error;
  EXPECT_THAT(model.error(), HasSubstr("h.1.up.weight [8, 3]"));
}

TEST(WholeModel, TakesDifferentKindsOfLayers) {
  WholeModel model({{"h.0.up.weight", {8, 3}}, {"h.1.experts.0.w", {8, 3}}, {"embed", {1}}, {"score", {1}}});
  model.options.missing = Tolerance::error;
  model.options.unexpected = Tolerance::ignore;
  EXPECT_EQ(model.error(), "");
}

TEST(WholeModel, LeavesOutWhatIsUnexpected) {
  WholeModel model({{"h.{layer}.up.weight", {8, 3}}, {"h.{layer}.mystery", {2}}});
  EXPECT_THAT(model.error(), HasSubstr("no rule of test.yaml matches:\n    h.0.mystery [2] (and so for 0-1)"));
  model.options.unexpected = Tolerance::warn;
  EXPECT_THAT(model.layout().parameters, SizeIs(2));
  ASSERT_THAT(model.layout().warnings, SizeIs(1));
  EXPECT_THAT(model.layout().warnings[0], HasSubstr("2 tensors are unexpected, and not loaded"));
}

}  // namespace
}  // namespace distload::testing
