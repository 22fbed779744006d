// Sizes of rule files, evaluated against config.json.
#include "partition/rules/sizes.hpp"

#include <gtest/gtest.h>

#include <distload/base/error.hpp>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

constexpr char const* kSizesConfig = R"({
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

  ConfigValues config_{kSizesConfig};
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
  EXPECT_EQ(problem({"broken"}), "negative is -3, expected an integer, zero or more");
  EXPECT_EQ(problem({"config.rate"}), "rate is 0.5, expected an integer, zero or more");
  EXPECT_EQ(problem({"config.name"}), R"(name is "x", expected an integer, zero or more)");
  EXPECT_EQ(problem({"config.list"}), "list is [1,2], expected an integer, zero or more");
  EXPECT_EQ(problem({"hidden / 7"}), "hidden_size 64 is not a multiple of 7");
  EXPECT_EQ(problem({"hidden / 0"}), "0 is 0, expected 1 or more");
  EXPECT_EQ(problem({"1 - hidden"}), "1 is less than hidden_size 64");
  EXPECT_NE(problem({"2 * config.huge"}), "");
}

/// As llama has them: every size by its key in config.json, whatever the rules call it.
TEST(Sizes, NamesTheKeysOfConfigJson) {
  struct Case {
    char const* json;
    char const* expected;
  };
  for (auto const& [json, expected] : std::vector<Case>{
           {R"({"hidden_size":256,"num_attention_heads":6})",
            "hidden_size 256 is not a multiple of num_attention_heads 6"},
           {R"({"hidden_size":256,"num_attention_heads":0})", "num_attention_heads is 0, expected 1 or more"},
           {R"({"hidden_size":0,"num_attention_heads":8})", "hidden_size is 0, expected 1 or more"},
           {R"({"hidden_size":"256","num_attention_heads":8})",
            R"(hidden_size is "256", expected an integer, zero or more)"},
           {R"({"hidden_size":256.0,"num_attention_heads":8})",
            "hidden_size is 256.0, expected an integer, zero or more"},
           {R"({"hidden_size":true,"num_attention_heads":8})",
            "hidden_size is true, expected an integer, zero or more"},
           {R"({"hidden_size":Infinity,"num_attention_heads":8})", "hidden_size is Infinity, expected an integer"},
           {R"({"hidden_size":-256,"num_attention_heads":8})",
            "hidden_size is -256, expected an integer, zero or more"},
           {R"({"hidden_size":1099511627777,"num_attention_heads":8})",
            "hidden_size is 1099511627777, more than any model has"},
           {R"({"hidden_size":18446744073709551616,"num_attention_heads":8})",
            "hidden_size is 1.8446744073709552e+19, expected"},
           {R"({"hidden_size":{"a":1},"num_attention_heads":8})",
            "`head_dim` is unknown: config.json lacks head_dim or hidden_size"},
           {R"({"head_dim":0})", "head_dim is 0, expected 1 or more"},
       }) {
    ConfigValues const config(json);
    std::vector<SizeDefinition> const definitions{
        {"hidden", expression({"config.hidden_size"})},
        {"heads", expression({"config.num_attention_heads"})},
        {"kv_heads", expression({"config.num_key_value_heads", "heads"})},
        {"head_dim", expression({"config.head_dim", "hidden / heads"})},
    };
    Sizes const sizes(definitions, config);
    try {
      sizes.positive(expression({"head_dim"}));
      ADD_FAILURE() << json;
    } catch (ConfigProblem const& problem) {
      EXPECT_NE(std::string(problem.what()).find(expected), std::string::npos) << json << "\n" << problem.what();
    }
  }
}

TEST(Sizes, AreBoundedAndChecked) {
  ConfigValues const config(R"({"a":1099511627776,"layers":10001})");
  std::vector<SizeDefinition> const definitions{{"a", expression({"config.a"})},
                                                {"layers", expression({"config.layers"})}};
  Sizes const sizes(definitions, config);
  for (auto const* const text : {"a * a", "a * 16777216", "a + a", "a + 1"}) {
    try {
      sizes.value(expression({text}));
      ADD_FAILURE() << text;
    } catch (ConfigProblem const& problem) {
      EXPECT_NE(std::string(problem.what()).find("is more than any model has (1099511627776)"), std::string::npos)
          << problem.what();
    }
  }
  try {
    sizes.find_at_most("layers", 10'000);
    ADD_FAILURE();
  } catch (ConfigProblem const& problem) {
    EXPECT_STREQ(problem.what(), "layers is 10001, expected at most 10000");
  }
}

/// Sizes of sizes: each of them is asked once, not twice as often as the one before it.
TEST(Sizes, AreSaidToBeUnknownInTimeHoweverTheyAreMade) {
  std::vector<SizeDefinition> definitions{{"s0", expression({"config.absent"})}};
  for (int i = 1; i < 200; ++i) {
    auto const before = "s" + std::to_string(i - 1);
    auto const text = before + " + " + before;
    definitions.push_back({"s" + std::to_string(i), expression({text.c_str()})});
  }
  ConfigValues const config("{}");
  Sizes const sizes(definitions, config);
  EXPECT_THROW(sizes.value(expression({"s199"})), ConfigProblem);
}

TEST(ParseTerm, RefusesWhatIsNoSize) {
  for (auto const* text : {"", "a / ", "a / b / c", "config.", "12x", "a b", "99999999999999999999999", "f(x)"}) {
    EXPECT_THROW(parse_term(text), std::invalid_argument) << text;
  }
}

TEST(ConfigValues, RefusesWhatIsNoObject) {
  EXPECT_THROW(ConfigValues("{"), ConfigError);
  EXPECT_THROW(ConfigValues("[]"), ConfigError);
  EXPECT_THROW(ConfigValues(R"({"a": 1, "a": 2})"), ConfigError);
  EXPECT_THROW(ConfigValues(std::string(100'000, '[')), ConfigError);
  try {
    ConfigValues("{\n\"a\": x}", "d/config.json");
    FAIL();
  } catch (ConfigError const& error) {
    EXPECT_STREQ(error.what(),
                 "d/config.json: line 2, column 6, at a: not JSON: expected a value, but here stands `x}`");
  }
}

TEST(ConfigValues, ReadsBooleansAndTexts) {
  ConfigValues const config(kSizesConfig);
  EXPECT_EQ(config.boolean("flag"), true);
  EXPECT_EQ(config.boolean("absent"), std::nullopt);
  EXPECT_THROW(config.boolean("name"), RuleProblem);
  EXPECT_EQ(config.text("name"), "x");
  EXPECT_THROW(config.text("flag"), ConfigProblem);
  EXPECT_EQ(ConfigValues("").size("hidden_size"), std::nullopt);
}

}  // namespace
}  // namespace distload::rules
