// Tensors that cannot be loaded, that are smaller than a byte, or whose names have something in front.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/packed_cut.hpp"
#include "partition/rules/rule_problem.hpp"

namespace distload::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string const kOddRules =
    "model_types: [test]\nsizes:\n  layers: config.layers\nrules:\n"
    "  - {match: \"layers.{layer}.up.weight\", partition: column_parallel, shape: [8, 16]}\n"
    "  - {match: \"layers.{layer}.down.weight\", partition: row_parallel, shape: [8, 16]}\n"
    "  - {match: \"norm.weight\", partition: replicated, stage: last}\n"
    "required: [norm.weight]\n";
std::string const kOddConfig = R"({"layers": 2})";

std::vector<NamedShape> const kOddTensors{
    {"layers.{layer}.up.weight", {8, 16}}, {"layers.{layer}.down.weight", {8, 16}}, {"norm.weight", {8}}};

ModelLayout lay_out_odd(Catalog const& catalog, LayoutOptions const& options = {},
                        Topology const& topology = {2, 1, 1}) {
  return partition_model(catalog, topology, rules_of(kOddRules), kOddConfig, options);
}

std::string odd_error_of(Catalog const& catalog, LayoutOptions const& options = {}) {
  return config_error_of([&] { lay_out_odd(catalog, options); });
}

LayoutOptions ignoring_unexpected() {
  LayoutOptions options;
  options.unexpected = Tolerance::ignore;
  return options;
}

TEST(UnreadableTensors, AreErrorsOfTheirOwnIfTheModelNeedsThem) {
  auto catalog = make_catalog({kOddTensors[0], kOddTensors[1]}, 2);
  catalog.unreadable = {{"norm.weight", "has dtype 'F5', which is not known", false}};
  for (auto const& options : {LayoutOptions{}, ignoring_unexpected()}) {
    EXPECT_THAT(odd_error_of(catalog, options),
                AllOf(HasSubstr("1 tensor of model"), HasSubstr("has dtype 'F5', which is not known:\n    norm.weight"),
                      Not(HasSubstr("missing"))));
  }
}

TEST(UnreadableTensors, CanBeIgnoredIfNoRuleMatches) {
  auto catalog = make_catalog(kOddTensors, 2);
  catalog.unreadable = {{"freqs", "has dtype 'F5', which is not known", false}};
  EXPECT_THAT(odd_error_of(catalog), AllOf(HasSubstr("no rule of test.yaml matches, and it has dtype 'F5'"),
                                           HasSubstr("freqs"), HasSubstr("model.unexpected")));
  EXPECT_EQ(lay_out_odd(catalog, ignoring_unexpected()).parameters.size(), 5U);
}

TEST(UnreadableTensors, AreMissingIfTheirFileDoesNotHoldThem) {
  auto catalog = make_catalog(kOddTensors, 2);
  catalog.unreadable = {{"mtp.fc.weight", "the index lists it in a, which does not hold it", true}};
  EXPECT_THAT(odd_error_of(catalog, ignoring_unexpected()),
              AllOf(HasSubstr("does not hold it"), HasSubstr("mtp.fc.weight")));
  LayoutOptions options;
  options.missing = Tolerance::warn;
  auto const layout = lay_out_odd(catalog, options);
  EXPECT_EQ(layout.parameters.size(), 5U);
  ASSERT_EQ(layout.warnings.size(), 1U);
  EXPECT_THAT(layout.warnings[0], HasSubstr("mtp.fc.weight"));
}

TEST(UnreadableTensors, MayHaveNoName) {
  auto catalog = make_catalog(kOddTensors, 2);
  catalog.unreadable = {{"", "has no name", false}};
  EXPECT_THAT(odd_error_of(catalog), HasSubstr("no rule of test.yaml matches, and it has no name:\n    ''\n"));
  EXPECT_EQ(lay_out_odd(catalog, ignoring_unexpected()).parameters.size(), 5U);
}

TEST(UnreadableTensors, DoNotMakeTheirLayerIncomplete) {
  auto catalog = make_catalog(kOddTensors, 2);
  std::erase_if(catalog.tensors, [](TensorInfo const& tensor) { return tensor.name == "layers.1.up.weight"; });
  catalog.unreadable = {{"layers.1.up.weight", "has dtype 'F5', which is not known", false}};
  EXPECT_THAT(odd_error_of(catalog), AllOf(HasSubstr("1 tensor of model"), Not(HasSubstr("missing"))));
}

TEST(LayersAfterTheLast, AreUnexpected) {
  auto tensors = kOddTensors;
  tensors.insert(
      tensors.end(),
      {{"layers.2.up.weight", {8, 16}}, {"layers.2.up.weight_scale", {8}}, {"layers.2.down.weight", {5, 3}}});
  auto const catalog = make_catalog(tensors, 2);
  EXPECT_THAT(
      odd_error_of(catalog),
      AllOf(HasSubstr("3 tensors of model"), HasSubstr("model.unexpected"),
            HasSubstr("config.json says that the model has only 2 layers:\n    layers.2.down.weight [5, 3]\n    "
                      "layers.2.up.weight [8, 16]\n    layers.2.up.weight_scale [8] beside layers.2.up.weight")));
  auto options = ignoring_unexpected();
  EXPECT_EQ(lay_out_odd(catalog, options).parameters.size(), 5U);
  options.unexpected = Tolerance::warn;
  auto const layout = lay_out_odd(catalog, options, {1, 2, 1});
  EXPECT_EQ(layout.parameters.size(), 5U);
  ASSERT_EQ(layout.warnings.size(), 1U);
  EXPECT_THAT(layout.warnings[0], HasSubstr("3 tensors are unexpected, and not loaded"));
}

TEST(Transposition, IsOfWeightsOfLayersAndOfExperts) {
  auto const catalog = make_catalog({{"h.{layer}.w", {4, 6}},
                                     {"h.{layer}.bias", {4}},
                                     {"h.{layer}.experts", {2, 4, 6}},
                                     {"h.{layer}.conv", {4, 1, 3}},
                                     {"h.{layer}.A_log", {1, 1, 4, 1}}},
                                    1);
  auto const rules = rules_of(R"(
sizes: {layers: 1}
rules:
  - {match: "h.{layer}.{w,bias,conv}", partition: column_parallel}
  - {match: "h.{layer}.experts", partition: column_parallel, axis: 1}
  - {match: "h.{layer}.A_log", partition: column_parallel, axis: 2}
)");
  LayoutOptions options;
  options.transpose = true;
  auto const layout = partition_model(catalog, Topology{2, 1, 1}, rules, "{}", options);
  auto const is_transposed = [&](char const* name) { return parameter_of(catalog, layout, name).transposed; };
  EXPECT_TRUE(is_transposed("h.0.w"));
  EXPECT_TRUE(is_transposed("h.0.experts"));
  EXPECT_FALSE(is_transposed("h.0.bias"));
  EXPECT_FALSE(is_transposed("h.0.conv"));
  EXPECT_FALSE(is_transposed("h.0.A_log"));
}

TEST(TensorsSmallerThanAByte, AreCutInWholeBytes) {
  auto catalog = make_catalog(kOddTensors, 2);
  for (auto& tensor : catalog.tensors) {
    if (tensor.name == "norm.weight") continue;
    tensor.dtype = DType::f4;
    tensor.shape = {8, 8};  // rules say [8, 16] numbers
  }
  auto const layout = lay_out_odd(catalog);
  EXPECT_EQ(shard_of(catalog, layout, {2, 1, 1}, "layers.0.up.weight"), (Shape{4, 8}));
  EXPECT_EQ(shard_of(catalog, layout, {2, 1, 1}, "layers.0.down.weight"), (Shape{8, 4}));
  EXPECT_THAT(config_error_of([&] { lay_out_odd(catalog, {}, {16, 1, 1}); }), HasSubstr("do not divide by 16"));
  LayoutOptions transposed;
  transposed.transpose = true;
  EXPECT_THAT(odd_error_of(catalog, transposed), HasSubstr("share a byte"));
}

TEST(TensorsSmallerThanAByte, AreNotCutInsideAByte) {
  Partition const rows{PartitionKind::row_parallel, 1, {{12, 3}, {4, 1}}};
  EXPECT_EQ(rules::in_units(rows, DType::bf16, {8, 16}), rows);
  EXPECT_THROW(rules::in_units(rows, DType::f4, {8, 16}), rules::RuleProblem) << "units of 3 numbers";
  Partition const units{PartitionKind::row_parallel, 1, {{12, 4}, {4, 1}}};
  EXPECT_EQ(rules::in_units(units, DType::f4, {8, 16}).sections, (std::vector<Section>{{6, 2}, {2, 1}}));
  EXPECT_EQ(rules::in_units(units, DType::f6_e2m3, {8, 16}).sections, (std::vector<Section>{{3, 1}, {1, 1}}));
  Partition const columns{PartitionKind::column_parallel, 0, {{16, 1}}};
  EXPECT_EQ(rules::in_units(columns, DType::f4, {16, 8}), columns) << "another axis than the last";
}

std::vector<NamedShape> with_prefix(std::string const& prefix) {
  auto tensors = kOddTensors;
  for (auto& [name, shape] : tensors) name = prefix + name;
  return tensors;
}

TEST(Prefixes, AreNamedInOneLine) {
  for (std::string const prefix : {"_orig_mod.", "module.", "base_model.model."}) {
    auto const error = odd_error_of(make_catalog(with_prefix(prefix), 2));
    EXPECT_EQ(error, "model: the names of 5 of 5 tensors begin with " + prefix +
                         ", which stands before the names that the rules of test.yaml match, e.g. in " + prefix +
                         "layers.0.down.weight; model.strip_prefix: " + prefix + " removes it");
  }
}

TEST(Prefixes, AreWarningsWhereNothingIsAnError) {
  LayoutOptions options;
  options.missing = Tolerance::ignore;
  options.unexpected = Tolerance::ignore;
  auto const layout = lay_out_odd(make_catalog(with_prefix("module."), 2), options);
  ASSERT_EQ(layout.warnings.size(), 1U);
  EXPECT_THAT(layout.warnings[0], HasSubstr("model.strip_prefix: module."));
}

TEST(Prefixes, AreNotSeenInOtherUnexpectedTensors) {
  auto tensors = kOddTensors;
  tensors.emplace_back("mtp.layers.{layer}.up.weight", Shape{8, 16});
  EXPECT_THAT(odd_error_of(make_catalog(tensors, 2)), AllOf(HasSubstr("2 tensors"), Not(HasSubstr("strip_prefix"))));
  EXPECT_THAT(odd_error_of(make_catalog({{"a.b", {1}}, {"c", {1}}}, 2)), Not(HasSubstr("strip_prefix")));
  EXPECT_THAT(lay_out_odd(make_catalog(kOddTensors, 2)).warnings, IsEmpty());
}

}  // namespace
}  // namespace distload::testing
