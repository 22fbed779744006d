// What a layout says of a model as a whole: experts on their ranks, uneven cuts, scales, and what is missing or too
// much.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/dtype_in_memory.hpp"
#include "partition/partition_model.hpp"

namespace distload::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char const* kModelRules = R"(
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
    return partition_model(catalog_, topology, rules_of(kModelRules), R"({"layers": 2, "experts": 8})", options);
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

TEST(WholeModel, RefusesToDivideExpertsOfADenseModel) {
  WholeModel dense({});
  dense.topology = {2, 1, 1, 2};
  EXPECT_THAT(dense.error(), HasSubstr("topology.expert_parallel is 2, but model has no experts"));
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

TEST(WholeModel, CutsCompanionsOfEitherAxisAsTheirWeights) {
  WholeModel model({{"h.{layer}.up.weight", {8, 6}},
                    {"h.{layer}.up.weight_scale", {4, 1, 3, 1}},
                    {"h.{layer}.up.pre_quant_scale", {6}},
                    {"h.{layer}.down.weight", {6, 8}},
                    {"h.{layer}.down.weight_scale", {3, 1, 4, 1}},
                    {"h.{layer}.down.pre_quant_scale", {8}}});
  model.topology = {2, 1, 1};
  EXPECT_EQ(model.parameter("h.0.up.weight_scale").partition, (Partition{PartitionKind::column_parallel, 0, {{4}}}));
  EXPECT_EQ(model.parameter("h.0.up.pre_quant_scale").partition, Partition{});
  EXPECT_EQ(model.parameter("h.0.down.weight_scale").partition, (Partition{PartitionKind::row_parallel, 2, {{4}}}));
  EXPECT_EQ(model.parameter("h.0.down.pre_quant_scale").partition, (Partition{PartitionKind::row_parallel, 0, {{8}}}));
  EXPECT_TRUE(model.parameter("h.0.down.pre_quant_scale").keep_dtype);
  model.topology = {8, 1, 1};
  EXPECT_THAT(model.error(),
              AllOf(HasSubstr("\n    h.0.down.weight [6, 8] (and so for 0-1)"),
                    HasSubstr("\n    h.0.down.weight_scale [3, 1, 4, 1] beside h.0.down.weight (and so for 0-1)"),
                    HasSubstr("tensor_parallel could be 1, 2, 4"), Not(HasSubstr("pre_quant_scale"))));
}

TEST(WholeModel, CutsWholeBlocksUnevenly) {
  WholeModel model(
      {{"h.{layer}.up.weight", {12, 3}}, {"h.{layer}.down.weight", {3, 12}}, {"h.{layer}.down.weight_scale", {3, 3}}});
  model.topology = {2, 1, 1};
  EXPECT_THAT(model.error(), AllOf(HasSubstr("a scale for every 4 elements"), HasSubstr("could be 1, 3")));
  model.options.uneven = true;
  EXPECT_EQ(model.parameter("h.0.down.weight").partition,
            (Partition{PartitionKind::row_parallel, 1, {{12, 4, false, true}}}));
  EXPECT_EQ(model.parameter("h.0.down.weight_scale").partition,
            (Partition{PartitionKind::row_parallel, 1, {{3, 1, false, true}}}));
  EXPECT_EQ(model.parameter("h.0.up.weight").partition,
            (Partition{PartitionKind::column_parallel, 0, {{12, 4, false, true}}}))
      << "the outputs that belong to the blocks";
}

TEST(WholeModel, RefusesCompanionsThatNothingIsKnownOf) {
  WholeModel model(
      {{"h.{layer}.up.weight", {8, 6}}, {"h.{layer}.up.weight_foo", {8}}, {"h.{layer}.up.foo_scale", {8}}});
  EXPECT_THAT(model.error(),
              AllOf(HasSubstr("does not follow from the weights beside which they stand:"),
                    HasSubstr("\n    h.0.up.foo_scale [8] beside h.0.up.weight (and so for 0-1)"),
                    HasSubstr("\n    h.0.up.weight_foo [8] beside h.0.up.weight (and so for 0-1)"),
                    HasSubstr("model.rules can name a file"), HasSubstr("model.unexpected: warn loads without it")));
  model.options.unexpected = Tolerance::warn;
  EXPECT_THAT(model.layout().parameters, SizeIs(2));
}

TEST(WholeModel, TellsOfARefusedWeightOnce) {
  WholeModel const model({{"h.0.up.weight", {}}, {"h.0.up.weight_scale", {2}}, {"h.0.up.input_scale", {}}});
  EXPECT_THAT(model.error(), AllOf(HasSubstr("h.0.up.weight []"), Not(HasSubstr("scale"))));
}

TEST(WholeModel, HoldsRulesOfCompanionsAgainstThoseOfTheirWeights) {
  auto catalog = make_catalog({{"w.{layer}.weight_packed", {4, 24}}, {"w.{layer}.weight_scale", {4, 6}}}, 2);
  for (auto& tensor : catalog.tensors) tensor.dtype = DType::i32;
  auto const rules = rules_of(
      "rules:\n"
      "  - {match: \"w.{layer}.weight_packed\", partition: row_parallel, uneven: true}\n"
      "  - {match: \"w.{layer}.weight_scale\", partition: row_parallel, uneven: true}\n");
  LayoutOptions options;
  options.uneven = true;
  auto const error = [&](std::uint32_t ranks) {
    return config_error_of([&] { partition_model(catalog, {ranks, 1, 1}, rules, "{}", options); });
  };
  EXPECT_EQ(error(2), "");
  EXPECT_EQ(error(3), "");
  EXPECT_THAT(error(4), AllOf(HasSubstr("there is a scale for every 4 elements along axis 1, but with 4"),
                              HasSubstr("\n    w.0.weight_packed [4, 24] (and so for 0-1)"),
                              HasSubstr("\n    w.0.weight_scale [4, 6] (and so for 0-1)"),
                              HasSubstr("tensor_parallel could be 1, 2, 3, 6")));
}

TEST(WholeModel, KeepsTheTypesThatRulesSay) {
  auto catalog = make_catalog({{"a.{layer}", {4}},
                               {"b.{layer}", {4}},
                               {"c.{layer}", {4}},
                               {"c.{layer}_scale", {4}},
                               {"d.{layer}", {4}},
                               {"d.{layer}_scale", {4}}},
                              2);
  for (auto& tensor : catalog.tensors) {
    if (tensor.name == "b.1") tensor.dtype = DType::f32;
  }
  auto const layout =
      partition_model(catalog, {},
                      rules_of("rules:\n"
                               "  - {match: \"a.{layer}\", partition: replicated, keep_dtype: true}\n"
                               "  - {match: \"b.{layer}\", partition: replicated, keep_dtype: fp32}\n"
                               "  - {match: \"{c,d}.{layer}\", partition: replicated}\n"
                               "  - {match: \"c.{layer}_scale\", partition: replicated}\n"
                               "  - {match: \"d.{layer}_scale\", partition: replicated, keep_dtype: false}\n"),
                      "{}");
  auto const in_memory = [&](std::string const& name) {
    return dtype_in_memory(parameter_of(catalog, layout, name), catalog.find(name)->dtype, DType::f16);
  };
  EXPECT_EQ(in_memory("a.0"), DType::bf16);
  EXPECT_EQ(in_memory("b.0"), DType::f16) << "not stored as F32";
  EXPECT_EQ(in_memory("b.1"), DType::f32);
  EXPECT_EQ(in_memory("c.0"), DType::f16);
  EXPECT_EQ(in_memory("c.0_scale"), DType::bf16) << "a companion, though it has a rule";
  EXPECT_EQ(in_memory("d.0_scale"), DType::f16) << "as its rule says";
  EXPECT_THAT(config_error_of([&] {
                partition_model(catalog, {},
                                rules_of("rules:\n  - {match: a, partition: replicated, stage: all, "
                                         "keep_dtype: bf16}\n"),
                                "{}");
              }),
              HasSubstr("test.yaml:2"));
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
