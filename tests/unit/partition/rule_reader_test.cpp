// The rule language: what it refuses, with file and line.
#include "partition/rules/rule_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"

namespace distload::rules {
namespace {

using ::testing::HasSubstr;

/// A file whose rule of line 4 is `rule`.
std::string file_with(std::string const& rule) {
  return "model_types: test\nsizes: {head_dim: 4, n: config.n}\nrules:\n  - " + rule + "\n";
}

TEST(ReadRules, KnowsWhereEachRuleStands) {
  auto const set =
      read_rules({"a", "some/where/a.yaml",
                  "model_types: [a, b]\nrules:\n  - match: x\n    partition: replicated\n    stage: all\n\n"
                  "  - {match: y, partition: vocab_parallel, stage: [first, last]}\n"});
  EXPECT_EQ(set.file, "a.yaml");
  EXPECT_EQ(set.model_types, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(set.rules.size(), 2U);
  EXPECT_EQ(set.rules[0].location, "a.yaml:3");
  EXPECT_EQ(set.rules[1].location, "a.yaml:7");
  EXPECT_EQ(set.rules[1].stage, StageRule::first_and_last);
}

TEST(ReadRules, TakesTheAxisFromThePartition) {
  auto const axis = [](std::string const& rule) {
    return read_rules({"t", "t.yaml", file_with(rule)}).rules.at(0).axis;
  };
  EXPECT_EQ(axis("{match: x, partition: column_parallel, stage: all}"), 0U);
  EXPECT_EQ(axis("{match: x, partition: row_parallel, stage: all}"), 1U);
  EXPECT_EQ(axis("{match: x, partition: row_parallel, axis: 2, stage: all}"), 2U);
}

TEST(ReadRules, RefusesWhatIsNotInTheLanguage) {
  struct Case {
    std::string text;
    char const* message;
  };
  Case const cases[]{
      {file_with("{match: x, partition: column_paralel, stage: all}"), "f/t.yaml:4: there is no partition"},
      {file_with("{match: x, partition: replicated, stag: all}"),
       "f/t.yaml:4: a rule has no key `stag`; did you mean `stage`?"},
      {file_with("{match: x, match: y, partition: replicated, stage: all}"), "f/t.yaml:4: `match` stands twice"},
      {file_with("{match: x, stage: all}"), "f/t.yaml:4: a rule lacks `partition`"},
      {file_with("{match: x, partition: replicated}"),
       "f/t.yaml:4: a rule whose names have no {layer} needs a `stage`"},
      {file_with("{match: x, partition: replicated, stage: middle}"), "there is no stage `middle`"},
      {file_with("{match: x, partition: replicated, stage: []}"), "`stage` is empty"},
      {file_with("{match: \"x{lyer}\", partition: replicated, stage: all}"),
       "f/t.yaml:4: pattern \"x{lyer}\": {lyer} is unknown"},
      {file_with("{match: [], partition: replicated, stage: all}"), "expected a pattern"},
      {file_with("{match: {a: b}, partition: replicated, stage: all}"), "expected a single value"},
      {file_with("{match: x, partition: replicated, axis: 1, stage: all}"), "a replicated parameter is not cut"},
      {file_with("{match: x, partition: vocab_parallel, heads: n, stage: all}"), "a vocabulary is padded"},
      {file_with("{match: x, partition: column_parallel, axis: -1, stage: all}"), "`-1` is no number from 0 to 7"},
      {file_with("{match: x, partition: column_parallel, heads: m, stage: all}"), "`m` is none of the `sizes`"},
      {file_with("{match: x, partition: column_parallel, replicate: true, stage: all}"), "it needs `heads` or `unit`"},
      {file_with("{match: x, partition: column_parallel, heads: n, replicate: 1, stage: all}"),
       "`1` is neither true nor false"},
      {file_with("{match: x, partition: column_parallel, unit: n, sections: 2, stage: all}"),
       "belong into the single `sections`"},
      {file_with("{match: x, partition: column_parallel, sections: [{unit: n}], stage: all}"),
       "a section needs `size` or `heads`"},
      {file_with("{match: x, partition: column_parallel, sections: 0, stage: all}"), "`0` is no number from 1 to 1024"},
      {file_with("{match: x, partition: column_parallel, size: n / n / n, stage: all}"), "at most one of + - * /"},
      {file_with("{match: x, partition: replicated, layer_offset: m}"), "`m` is none of the `sizes`"},
      {file_with("{match: x, partition: replicated, stage: all, when: {f: true}}"),
       "f/t.yaml:4: `f` is none of the `flags`"},
      {file_with("{match: x, partition: replicated, stage: all, when: f}"), "expected a map of keys of config.json"},
      {"flags: {f: [1]}\nrules: []\n", "f/t.yaml:1: expected a single value"},
      {"flags: {f: 1}\n" + file_with("{match: x, partition: replicated, stage: all, when: {f: \"> a\"}}"),
       "`> a` compares with no number"},
      {file_with("{match: x, partition: replicated, stage: all, shape: n}"),
       "f/t.yaml:4: `shape` must be a list of sizes"},
      {file_with("{match: x, partition: replicated, stage: all, shape: [m]}"), "`m` is none of the `sizes`"},
      {file_with("text"), "f/t.yaml:4: a rule must be a map"},
      {"model_types: t\nrules: []\nrulez: []\n", "f/t.yaml:3: a rule file has no key `rulez`; did you mean `rules`?"},
      {"model_types: t\n", "a rule file lacks `rules`"},
      {"model_types: t\nsizes: {a: 1, a: 2}\nrules: []\n", "f/t.yaml:2: the size `a` stands twice"},
      {"model_types: t\nsizes: {a: b, b: a}\nrules: []\n", "f/t.yaml:2: the size `a` is made of itself"},
      {"model_types: t\nsizes: []\nrules: []\n", "f/t.yaml:2: `sizes` must be a map"},
      {"model_types: t\nrules:\n  - {match: x, partition: column_parallel, heads: 2, stage: all}\n",
       "`heads` needs a `unit`"},
      {"model_types: t\nrules: []\ntied: [{alias: a}]\n", "f/t.yaml:3: an entry of `tied` lacks `target`"},
      {"model_types: t\nrules: []\ntied: [{alias: a, target: b, when: tie, default: true}]\n",
       "names no key of config.json"},
      {"model_types: t\nrules: []\ntied: [{alias: a, target: b, when: config.tie}]\n", "lacks `default`"},
      {"model_types: t\nrules: []\ntied: [{alias: a, target: b, default: true}]\n", "`when`, which is missing"},
      {"model_types: t\nrules: []\n---\nrules: []\n", "f/t.yaml:3: not a part of the rules"},
      {"a: [\n", "f/t.yaml:"},
      {file_with("{match: \"a\\e[31m}\", partition: replicated, stage: all}"),
       R"(pattern "a\x1B[31m}": a } without its {)"},
      {file_with("{match: x, partition: \"a\\nb\", stage: all}"), R"(there is no partition `a\nb`)"},
      {"", "a rule file must be a map"},
  };
  for (auto const& test : cases) {
    EXPECT_THAT(testing::config_error_of([&] {
                  read_rules({"t", "f/t.yaml", test.text});
                }),
                HasSubstr(test.message))
        << test.text;
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

/// Short files that ask for much: each is refused before it takes more than a moment.
TEST(ReadRules, RefusesWhatAsksForTooMuch) {
  auto const megabyte = std::size_t{1} << 20U;
  std::string chain = "sizes: {s0: 1";
  for (int i = 1; i < 40'000; ++i) chain += ", s" + std::to_string(i) + ": s" + std::to_string(i - 1);
  std::string laughs = "model_types: &a0 [x, x, x, x, x, x, x, x, x, x]\nrules:\n";
  for (int i = 1; i < 20; ++i) {
    auto const before = "*a" + std::to_string(i - 1);
    laughs += "  - &a" + std::to_string(i) + " [" + repeated(before + ", ", 9) + before + "]\n";
  }
  struct Case {
    std::string text;
    char const* message;
  };
  Case const cases[]{
      {repeated("[", megabyte), "f/t.yaml:"},
      {repeated("{a: ", megabyte / 4), "f/t.yaml:"},
      {repeated("- ", megabyte / 2), "f/t.yaml:"},
      {"rules: &a [*a]\n", "a rule must be a map"},
      {"rules: [&a {match: *a, partition: replicated, stage: all}]\n", "expected a single value"},
      {laughs, "a rule must be a map"},
      {chain + "}\nrules: []\n", "f/t.yaml:1: more than 1000 sizes"},
      {file_with("{match: \"" + std::string(1001, 'a') + "\", partition: replicated, stage: all}"),
       "is longer than 1000 characters"},
      {file_with("{match: \"" + repeated("*-", 65) + "\", partition: replicated, stage: all}"), "more than 64 stars"},
      {"rules:\n  - {match: &p [" + repeated("\"{a,b,c,d}{a,b,c,d}{a,b,c,d}{a,b,c,d}{a,b,c,d}\", ", 30) +
           "x], partition: replicated, stage: all}\n",
       "f/t.yaml:2: more than 20000 patterns"},
      {"model_types: &t [" + repeated("x, ", 1000) + "x]\nrules:\n  - {match: x, partition: replicated, stage: &s [" +
           repeated("all, ", 999) + "all]}\n" + repeated("  - {match: x, partition: replicated, stage: *s}\n", 300),
       "more than 200000 values, with aliases"},
      {file_with("{match: x, partition: replicated, stage: all, shape: [" + repeated("any, ", 8) + "any]}"),
       "no tensor has more than 8 axes"},
  };
  for (auto const& test : cases) {
    EXPECT_THAT(testing::config_error_of([&] {
                  read_rules({"t", "f/t.yaml", test.text});
                }),
                HasSubstr(test.message))
        << test.text.substr(0, 100);
  }
}

}  // namespace
}  // namespace distload::rules
