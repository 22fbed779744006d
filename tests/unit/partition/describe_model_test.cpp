// describe_model on small rule files.
#include "partition/describe_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"

namespace distload::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char const* kDescribedRules = R"(
complete: true
flags: {bias: false, "kinds[layer]": plain, architectures.0: ForCausalLM}
sizes:
  layers: config.layers
  extra_layers: [config.extra, 0]
  hidden: config.hidden
  heads: config.heads
  head_dim: 4
  experts: config.experts
layer_kinds:
  sparse: {from: config.first, every: [config.every, 1], except: config.dense}
rules:
  - {match: "{model.,}embed.weight", partition: vocab_parallel, shape: [any, hidden], size: config.vocabulary, stage: first}
  - {match: "{model.,}layers.{layer}.q.{weight,bias}", partition: column_parallel, shape: [any, hidden], heads: heads}
  - {match: "{model.,}layers.{layer}.gate.weight", partition: replicated, shape: [experts, hidden], keep_dtype: fp32}
  - {match: "{model.,}layers.{layer}.experts.{expert}.weight", partition: column_parallel, shape: [hidden, 2]}
  - {match: "tower.*.norm.weight", partition: replicated, stage: first}
  - {match: "head.weight", partition: vocab_parallel, shape: [any, hidden], size: config.vocabulary, stage: last}
tied:
  - {alias: head.weight, target: "{model.,}embed.weight", when: config.tied, default: false}
)";

std::vector<TensorDescription> described(std::string const& required, std::string const& config) {
  return describe_model(rules_of(kDescribedRules + required), config);
}

std::vector<std::string> names_of(std::string const& required, std::string const& config) {
  std::vector<std::string> names;
  for (auto const& tensor : described(required, config)) names.push_back(tensor.name);
  return names;
}

TEST(DescribeModel, GivesNamesShapesAndTypesInTheOrderOfTheLayers) {
  auto const required = R"(
required:
  - {match: "head.weight", dtype: F8_E4M3}
  - "{model.,}layers.{layer}.[q,gate].weight"
  - "{model.,}embed.weight"
)";
  EXPECT_THAT(described(required, R"({"layers": 2, "hidden": 8, "heads": 3, "experts": 5, "vocabulary": 7,
                                      "torch_dtype": "float16"})"),
              ElementsAre(TensorDescription{"model.embed.weight", DType::f16, {7, 8}},
                          TensorDescription{"model.layers.0.q.weight", DType::f16, {12, 8}},
                          TensorDescription{"model.layers.0.gate.weight", DType::f32, {5, 8}},
                          TensorDescription{"model.layers.1.q.weight", DType::f16, {12, 8}},
                          TensorDescription{"model.layers.1.gate.weight", DType::f32, {5, 8}},
                          TensorDescription{"head.weight", DType::f8_e4m3, {7, 8}}));
}

TEST(DescribeModel, ExpandsExpertsStarsAndBrackets) {
  auto const required = R"(
required:
  - "{model.,}layers.{layer}.experts.{expert}.weight"
expected:
  - {match: "tower.*.norm.weight", each: 2, shape: [3]}
)";
  EXPECT_THAT(names_of(required, R"({"layers": 1, "hidden": 8, "experts": 2})"),
              ElementsAre("tower.0.norm.weight", "tower.1.norm.weight", "model.layers.0.experts.0.weight",
                          "model.layers.0.experts.1.weight"));
}

TEST(DescribeModel, KnowsWhichLayersHaveATensor) {
  struct Case {
    char const* layers;
    char const* config;
    std::vector<int> expected;
  };
  for (auto const& [layers, config, expected] : std::vector<Case>{
           {"layers: sparse", R"("first": 2)", {2, 3, 4, 5}},
           {"layers: not sparse", R"("first": 2)", {0, 1}},
           {"layers: sparse", R"("first": 0, "every": 2)", {1, 3, 5}},
           {"layers: sparse", R"("first": 0, "dense": [0, 5])", {1, 2, 3, 4}},
           {"layers: {every: config.every, at: config.at}", R"("every": 4, "at": 1)", {1, 5}},
           {"layers: {every: config.every, at: 0}", R"("every": 3)", {0, 3}},
           {"layers: extra", R"("extra": 2)", {6, 7}},
           {"layers: [{to: 1}, extra]", R"("extra": 1)", {0, 6}},
           {"layers: {only: config.only}", R"("only": [3, 1])", {1, 3}},
           {"when: {\"kinds[layer]\": full}", R"("kinds": ["full", "plain", "full"])", {0, 2}},
           {"layers: {from: 1}, when: {\"kinds[layer]\": full}", R"("kinds": ["full", "plain", "full"])", {2}},
           {"when: {bias: true}", R"("x": 0)", {}},
           {"when: {bias: true}", R"("bias": true)", {0, 1, 2, 3, 4, 5}},
       }) {
    std::vector<std::string> names;
    for (auto const layer : expected) names.push_back("model.layers." + std::to_string(layer) + ".q.weight");
    EXPECT_EQ(names_of(std::string("\nexpected:\n  - {match: \"{model.,}layers.{layer}.q.weight\", ") + layers + "}\n",
                       std::string(R"({"layers": 6, "hidden": 8, "heads": 2, )") + config + "}"),
              names)
        << layers << " with " << config;
  }
}

TEST(DescribeModel, UsesTheNamesOfReleases) {
  auto const required = R"(
published: [{begin: "embed.", when: {architectures.0: "*Model"}}]
required: ["{model.,}embed.weight"]
)";
  auto const config = [](std::string const& architecture) {
    return R"({"hidden": 8, "vocabulary": 7, "architectures": [")" + architecture + R"("]})";
  };
  EXPECT_THAT(names_of(required, config("TheForCausalLM")), ElementsAre("model.embed.weight"));
  EXPECT_THAT(names_of(required, config("TheModel")), ElementsAre("embed.weight"));
}

TEST(DescribeModel, LeavesOutWhatIsTied) {
  auto const required = "\nrequired: [\"{model.,}embed.weight\", head.weight]\n";
  EXPECT_THAT(names_of(required, R"({"hidden": 8, "vocabulary": 7})"),
              ElementsAre("model.embed.weight", "head.weight"));
  EXPECT_THAT(names_of(required, R"({"hidden": 8, "vocabulary": 7, "tied": true})"), ElementsAre("model.embed.weight"));
}

TEST(DescribeModel, NamesWhatTheRulesDoNotDetermine) {
  auto const error = [](std::string const& required, std::string const& config) {
    return config_error_of([&] { described(required, config); });
  };
  EXPECT_THAT(error("\nrequired: [\"{model.,}embed.weight\", head.weight]\n", R"({"hidden": 8})"),
              AllOf(HasSubstr("model.embed.weight"), HasSubstr("config.json lacks vocabulary")));
  EXPECT_THAT(error("\nrequired: [\"other.weight\"]\n", "{}"), AllOf(HasSubstr("other.weight"), HasSubstr("no rule")));
  EXPECT_THAT(error("\nexpected: [{match: \"tower.*.norm.weight\", each: 1}]\n", "{}"),
              AllOf(HasSubstr("tower.0.norm.weight"), HasSubstr("`shape`")));
  EXPECT_THAT(error("\nexpected: [\"tower.*.norm.weight\"]\n", "{}"), HasSubstr("`each`"));
  EXPECT_THAT(error("\nrequired: [\"{model.,}layers.{layer}.q.weight\"]\n", "{}"), HasSubstr("`layers` is unknown"));
  EXPECT_THAT(error("\nrequired: [{match: \"{model.,}layers.{layer}.q.weight\", layers: odd}]\n", "{}"),
              HasSubstr("`odd` is none of the `layer_kinds`"));
  EXPECT_THAT(error("\nrequired: [{match: \"{model.,}layers.{layer}.q.weight\", layers: {at: 1}}]\n", "{}"),
              HasSubstr("`at` needs `every`"));
  EXPECT_THAT(error("", R"({"torch_dtype": "int3"})"), HasSubstr("int3"));
}

TEST(DescribeModel, RefusesAFamilyThatDoesNotListEveryTensor) {
  auto const rules = rules_of(R"(
extends: base
model_types: [child]
)",
                              {{"base.yaml", kDescribedRules}});
  EXPECT_THAT(config_error_of([&] { describe_model(rules, "{}"); }), HasSubstr("`complete`"));
}

}  // namespace
}  // namespace distload::testing
