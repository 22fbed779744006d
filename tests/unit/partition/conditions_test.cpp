// Rules that apply to some models or layers only, and what a file no longer requires.
#include "partition/rules/condition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "model_fixture.hpp"
#include "partition/rules/rule_problem.hpp"

namespace distload::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

bool holds_for(std::string const& comparison, std::string const& config_json, rules::Scalar otherwise) {
  rules::Condition const condition{"key", {rules::parse_comparison(comparison)}};
  return rules::holds(condition, {"key", std::move(otherwise)}, rules::ConfigValues(config_json));
}

TEST(Conditions, CompareTextsAndNumbers) {
  std::string const none;
  EXPECT_TRUE(holds_for("gelu", R"({"key": "gelu"})", none));
  EXPECT_FALSE(holds_for("gelu", R"({"key": "silu"})", none));
  EXPECT_FALSE(holds_for("gelu", "{}", none));
  EXPECT_TRUE(holds_for("!= gelu", R"({"key": 3})", none));
  EXPECT_TRUE(holds_for("> 0", R"({"key": 3})", 0.0));
  EXPECT_FALSE(holds_for("> 0", R"({"key": null})", 0.0));
  EXPECT_FALSE(holds_for("> 0", R"({"key": -1})", 0.0));
  EXPECT_TRUE(holds_for("<= 1.5", R"({"key": 1.5})", 0.0));
  EXPECT_TRUE(holds_for(">= 2", R"({"key": 2})", 0.0));
  EXPECT_FALSE(holds_for("< 2", R"({"key": 2})", 0.0));
  EXPECT_TRUE(holds_for("2", R"({"key": 2})", 0.0));
  EXPECT_THROW(holds_for("> 0", R"({"key": "many"})", 0.0), rules::ConfigProblem);
  EXPECT_THROW(rules::parse_comparison("> many"), std::invalid_argument);
}

TEST(Conditions, HoldIfOneOfTheValuesDoes) {
  rules::Condition const condition{"key", {rules::parse_comparison("gelu"), rules::parse_comparison("relu")}};
  rules::Flag const flag{"key", std::string("relu")};
  EXPECT_TRUE(rules::holds(condition, flag, rules::ConfigValues("{}")));
  EXPECT_FALSE(rules::holds(condition, flag, rules::ConfigValues(R"({"key": "silu"})")));
}

constexpr char const* kTwoKindsOfLayers = R"(
flags: {"layer_types[layer]": sliding}
sizes: {layers: config.layers, heads: 4, head_dim: 2, inner: "config.inner[layer]"}
rules:
  - {match: "h.{layer}.q", partition: column_parallel, heads: heads}
  - {match: "h.{layer}.k", partition: column_parallel, heads: 4, when: {"layer_types[layer]": sliding}}
  - {match: "h.{layer}.k", partition: column_parallel, heads: 2, unit: 8, when: {"layer_types[layer]": full}}
  - {match: "h.{layer}.up", partition: column_parallel, shape: [inner, 3]}
)";

TEST(Layers, HaveRulesAndSizesOfTheirOwn) {
  auto const catalog =
      make_catalog({{"h.0.k", {8, 3}}, {"h.1.k", {16, 3}}, {"h.0.up", {6, 3}}, {"h.1.up", {12, 3}}}, 1);
  auto const layout = [&](std::string const& lists) {
    LayoutOptions options;
    options.missing = Tolerance::ignore;
    return partition_model(catalog, {2, 1, 1, 1}, rules_of(kTwoKindsOfLayers), R"({"layers": 2, )" + lists + "}",
                           options);
  };
  auto const right = layout(R"("layer_types": ["sliding", "full"], "inner": [6, 12])");
  EXPECT_EQ(parameter_of(catalog, right, "h.0.k").partition.sections.at(0).unit, 2U);
  EXPECT_EQ(parameter_of(catalog, right, "h.1.k").partition.sections.at(0).unit, 8U);
  EXPECT_THAT(config_error_of([&] { layout(R"("layer_types": ["sliding", "full"], "inner": [6, 10])"); }),
              AllOf(HasSubstr("config.json asks for 10 elements (inner: inner.1) along axis 0, but there are 12"),
                    HasSubstr("h.1.up [12, 3]"), Not(HasSubstr("h.0.up"))));
  EXPECT_THAT(config_error_of([&] { layout(R"("layer_types": ["sliding", "sliding"], "inner": [6, 12])"); }),
              HasSubstr("h.1.k [16, 3]"));
}

RuleText const kStrict{
    "folder/strict.yaml",
    "model_types: strict\n"
    "flags: {shared: 0}\n"
    "rules: {match: \"h.{layer}.{q,k,v}\", partition: replicated}\n"
    "required: [\"h.{layer}.{q,qkv}\", \"h.{layer}.k\", {match: \"h.{layer}.v\", when: {shared: 0}}]\n"};

TEST(Required, CanBeDroppedAndHaveConditions) {
  auto const catalog = make_catalog({{"h.{layer}.k", {1}}}, 2);
  auto const error = [&](std::string const& text, std::string const& config = R"({"shared": 2})") {
    return config_error_of([&] {
      partition_model(catalog, {}, rules_of("extends: strict\nsizes: {layers: 2}\n" + text, {kStrict}), config);
    });
  };
  EXPECT_THAT(error(""), AllOf(HasSubstr("h.{layer}.{q,qkv}"), Not(HasSubstr("h.{layer}.v"))));
  EXPECT_THAT(error("", "{}"), HasSubstr("h.{layer}.v"));
  EXPECT_EQ(error("not_required: \"h.{layer}.qkv\"\n"), "");
  EXPECT_EQ(error("not_required: all\n", "{}"), "");
  EXPECT_THAT(error("not_required: all\nrequired: [\"h.{layer}.o\"]\n"),
              AllOf(HasSubstr("h.{layer}.o"), Not(HasSubstr("qkv"))));
  EXPECT_THAT(error("not_required: [\"h.{layer}.w\"]\n"),
              HasSubstr("test.yaml:3: the file that this one extends does not"));
}

}  // namespace
}  // namespace distload::testing
