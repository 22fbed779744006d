// Sizes of rule files, evaluated against config.json.
#include "partition/rules/sizes.hpp"

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

constexpr char const* kConfig = R"({
  "hidden_size": 64, "heads": 4, "head_dim": null, "rate": 0.5, "negative": -3, "zero": 0, "name": "x", "flag": true,
  "list": [1, 2], "text_config": {"hidden_size": 32, "deep": {"er": 7}}, "huge": 18446744073709551615
})";

Expression expression(std::vector<char const*> const& alternatives) {
  Expression result;
  for (auto const* text : alternatives) {
    result.alternatives.push_back(parse_term(text));
    result.text += (result.text.empty() ? "" : ", ") + std::string(text);
  }
  return result;
}

class SizesTest : public ::testing::Test {
 protected:
  std::uint64_t value(std::vector<char const*> const& alternatives) const {
    return sizes_.value(expression(alternatives));
  }
  std::string problem(std::vector<char const*> const& alternatives) const {
    try {
      value(alternatives);
    } catch (RuleProblem const& problem) {
      return problem.what();
    }
    return {};
  }

  ModelConfig config_{kConfig};
  std::vector<SizeDefinition> definitions_{
      {"hidden", expression({"config.hidden_size"})},
      {"kv_heads", expression({"config.num_key_value_heads", "config.heads"})},
      {"head_dim", expression({"config.head_dim", "hidden / kv_heads"})},
      {"missing", expression({"config.absent"})},
      {"broken", expression({"config.negative"})},
  };
  Sizes sizes_{definitions_, config_};
};

TEST_F(SizesTest, EvaluatesNumbersNamesAndKeys) {
  EXPECT_EQ(value({"128"}), 128U);
  EXPECT_EQ(value({"hidden"}), 64U);
  EXPECT_EQ(value({"config.text_config.hidden_size"}), 32U);
  EXPECT_EQ(value({"config.text_config.deep.er"}), 7U);
}

TEST_F(SizesTest, EvaluatesOneOperation) {
  EXPECT_EQ(value({"hidden / 4"}), 16U);
  EXPECT_EQ(value({"3*head_dim"}), 48U);
  EXPECT_EQ(value({"kv_heads + 2"}), 6U);
  EXPECT_EQ(value({"hidden - 1"}), 63U);
  EXPECT_EQ(value({"hidden - 64"}), 0U);
  EXPECT_EQ(value({"config.zero"}), 0U);
}

TEST_F(SizesTest, TakesTheFirstKnownAlternativeAndNullIsUnknown) {
  EXPECT_EQ(sizes_.find("kv_heads"), 4U);
  EXPECT_EQ(sizes_.find("head_dim"), 16U);
  EXPECT_EQ(sizes_.find("missing"), std::nullopt);
  EXPECT_EQ(sizes_.find("no such size"), std::nullopt);
}

TEST_F(SizesTest, SaysWhatIsMissingOrWrong) {
  EXPECT_EQ(problem({"missing"}), "`missing` is unknown: config.json lacks absent");
  EXPECT_EQ(problem({"config.a", "config.b"}), "`config.a, config.b` is unknown: config.json lacks a or b");
  EXPECT_EQ(problem({"broken"}), "config.json: negative is -3, expected an integer, zero or more");
  EXPECT_EQ(problem({"config.rate"}), "config.json: rate is 0.5, expected an integer, zero or more");
  EXPECT_EQ(problem({"config.name"}), "config.json: name is not a number, expected an integer, zero or more");
  EXPECT_EQ(problem({"config.list"}), "config.json: list is [1,2], expected an integer, zero or more");
  EXPECT_EQ(problem({"hidden / 7"}), "hidden / 7 = 64 / 7 is not a whole number, zero or more");
  EXPECT_EQ(problem({"hidden / 0"}), "hidden / 0 = 64 / 0 is not a whole number, zero or more");
  EXPECT_EQ(problem({"1 - hidden"}), "1 - hidden = 1 - 64 is not a whole number, zero or more");
  EXPECT_NE(problem({"2 * config.huge"}), "");
}

TEST(ParseTerm, RefusesWhatIsNoSize) {
  for (auto const* text : {"", "a / ", "a / b / c", "config.", "12x", "a b", "99999999999999999999999", "f(x)"}) {
    EXPECT_THROW(parse_term(text), std::invalid_argument) << text;
  }
}

TEST(ModelConfig, RefusesWhatIsNoObject) {
  EXPECT_THROW(ModelConfig("{"), ConfigError);
  EXPECT_THROW(ModelConfig("[]"), ConfigError);
  EXPECT_THROW(ModelConfig("{\"a\": 1e999}"), ConfigError);
}

TEST(ModelConfig, ReadsBooleansAndTexts) {
  ModelConfig const config(kConfig);
  EXPECT_EQ(config.boolean("flag"), true);
  EXPECT_EQ(config.boolean("absent"), std::nullopt);
  EXPECT_THROW(config.boolean("name"), RuleProblem);
  EXPECT_EQ(config.text("name"), "x");
  EXPECT_EQ(config.text("flag"), std::nullopt);
  EXPECT_EQ(ModelConfig("").size("hidden_size"), std::nullopt);
}

}  // namespace
}  // namespace distload::rules
