// partition_model and find_rules: what they refuse, and how ties are resolved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "model_fixture.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A family of one column-parallel rule for "w.{layer}" and whatever else a test adds.
std::string family(std::string const& more = {}) {
  return "model_types: test\nsizes: {layers: config.layers, heads: config.heads, head_dim: config.head_dim}\nrules:\n"
         "  - {match: \"w.{layer}\", partition: column_parallel}\n" +
         more;
}

std::string error_of(std::vector<NamedShape> const& tensors, std::string const& more, Topology const& topology = {},
                     std::string const& config = "{}") {
  auto const catalog = make_catalog(tensors, 1);
  return config_error_of([&] { partition_model(catalog, topology, rules_of(family(more)), config); });
}

TEST(PartitionModel, ListsEverythingThatIsWrongAtOnce) {
  auto const error = error_of({{"w.0", {6}}, {"w.1", {6}}, {"x", {4}}, {"y", {4}}, {"q.3", {12}}},
                              "  - {match: \"{y,z}\", partition: replicated, stage: all}\n"
                              "  - {match: y, partition: replicated, stage: all}\n"
                              "  - {match: \"q.{layer}\", partition: column_parallel, heads: heads}\n",
                              {4, 1, 1}, R"({"heads": 3, "head_dim": 5})");
  EXPECT_EQ(
      error,
      "the rules of test.yaml do not fit 8 tensors of model with tensor_parallel 4 and pipeline_parallel 1:"
      "\n  config.json asks for 3 heads x 5 = 15 elements along axis 0, but there are 12 (test.yaml:7):"
      "\n    q.3 [12]"
      "\n  6 elements along axis 0 do not divide by 4 tensor-parallel ranks (test.yaml:4):"
      "\n    w.0 [6] (and so for 0-1)"
      "\n  more than one rule matches: test.yaml:5 and test.yaml:6:"
      "\n    y [4]"
      "\n  missing, though other layers have it:"
      "\n    q.0 [12] (and so for 0-2)"
      "\n  no rule of test.yaml matches:"
      "\n    x [4]"
      "\n  tensor_parallel could be 1, 2, 3, 6"
      "\n  model.rules can name a file with rules for what none matches; model.unexpected: warn loads without it");
}

TEST(PartitionModel, RefusesShapesThatContradictTheSizes) {
  struct Case {
    char const* rule;
    Shape shape;
    char const* message;
    bool is_config = false;  ///< said once, for no tensor
  };
  Case const cases[]{
      {"partition: row_parallel", {8}, "row_parallel along axis 1 needs a tensor of at least 2 axes"},
      {"partition: column_parallel", {}, "column_parallel along axis 0 needs a tensor of at least 1 axes"},
      {"partition: column_parallel, sections: 3", {8}, "8 elements along axis 0 are not 3 equal sections"},
      {"partition: column_parallel, unit: 3", {8}, "8 elements along axis 0 are no whole number of units of 3"},
      {"partition: column_parallel, size: 9", {8}, "config.json asks for 9 elements along axis 0, but there are 8"},
      {"partition: vocab_parallel, size: config.vocab_size",
       {8},
       "asks for 6 elements along axis 0, but there are 8: if tokens were added, vocab_size must be 8"},
      {"partition: column_parallel, sections: [{size: 4}, {size: 5}]",
       {8},
       "asks for 4 + 5 = 9 elements along axis 0, but there are 8"},
      {"partition: column_parallel, heads: heads, size: 9", {8}, "2 heads x 4 are not the section's 9 elements"},
      {"partition: column_parallel, heads: config.absent",
       {8},
       "`config.absent` is unknown: config.json lacks absent",
       true},
      {"partition: column_parallel, size: config.none",
       {8},
       "config.json of model: none is 0, expected 1 or more",
       true},
      {"partition: column_parallel, heads: config.none",
       {8},
       "config.json of model: none is 0, expected 1 or more",
       true},
      {"partition: column_parallel, unit: config.none",
       {8},
       "config.json of model: none is 0, expected 1 or more",
       true},
      {"partition: replicated, shape: [config.heads]",
       {3},
       "asks for 2 elements (heads) along axis 0, but there are 3"},
      {"partition: column_parallel, shape: [any, 2 * config.head_dim]",
       {4, 4},
       "asks for 8 elements (2 * config.head_dim) along axis 1, but there are 4"},
      {"partition: replicated, shape: [config.heads]", {2, 1}, "it should have 1 axis"},
      {"partition: column_parallel, shape: [any, any]", {8}, "it should have 2 axes"},
      {"partition: column_parallel, unit: config.heads",
       {9},
       "9 elements along axis 0 are no whole number of units of 2"},
      {"partition: column_parallel, unit: 2",
       {10},
       "5 units of 2 elements along axis 0 do not divide by 2 tensor-parallel ranks"},
      {"partition: column_parallel, unit: 2, replicate: true",
       {6},
       "3 units of 2 elements along axis 0 and 2 tensor-parallel ranks do not divide one another"},
  };
  for (auto const& [rule, shape, message, is_config] : cases) {
    EXPECT_THAT(error_of({{"x", shape}}, std::string("  - {match: x, stage: all, ") + rule + "}\n", {2, 1, 1},
                         R"({"heads": 2, "head_dim": 4, "none": 0, "vocab_size": 6})"),
                AllOf(HasSubstr(message), HasSubstr("(test.yaml:5)"),
                      HasSubstr(is_config ? "" : "\n    x " + to_string(shape))))
        << rule;
  }
}

TEST(PartitionModel, KnowsShapesAsFarAsConfigJsonSays) {
  auto const rules = [](std::string const& shape) {
    return std::string("  - {match: \"x.{weight,bias}\", partition: column_parallel, stage: all, shape: ") + shape +
           "}\n";
  };
  std::vector<NamedShape> const tensors{{"x.weight", {8, 4}}, {"x.bias", {8}}};
  auto const error = [&](std::string const& shape) {
    return error_of(tensors, rules(shape), {2, 1, 1}, R"({"n": 8})");
  };
  EXPECT_EQ(error("[config.n, any]"), "");
  EXPECT_EQ(error("[config.n, config.absent]"), "");
  EXPECT_EQ(error("[[config.absent, config.n], config.n / 2]"), "");
  EXPECT_THAT(error("[config.n, config.n]"), AllOf(HasSubstr("\n    x.weight [8, 4]"), Not(HasSubstr("x.bias"))));
}

TEST(PartitionModel, RefusesLayersThatDoNotFitTheStages) {
  EXPECT_THAT(error_of({{"w.0", {4}}}, "", {1, 2, 1}), HasSubstr("the size `layers` is unknown"));
  EXPECT_THAT(error_of({{"w.0", {4}}}, "", {1, 2, 1}, R"({"layers": 1})"),
              HasSubstr("1 layers are too few for 2 pipeline stages"));
  EXPECT_THAT(error_of({{"w.3", {4}}}, "", {1, 1, 1}, R"({"layers": 3})"), HasSubstr("only 3 layers:\n    w.3"));
}

TEST(PartitionModel, PadsNothingButVocabularies) {
  auto const catalog = make_catalog({{"v", {5, 3}}}, 1);
  Topology const topology{4, 1, 1};
  auto const layout = partition_model(
      catalog, topology, rules_of(family("  - {match: v, partition: vocab_parallel, stage: [first, last]}\n")), "");
  EXPECT_EQ(shard_of(catalog, layout, topology, "v"), (Shape{2, 3}));
  EXPECT_EQ(layout.parameters.at(0).rule, "test.yaml:5");
}

class TiedTest : public ::testing::Test {
 protected:
  static std::string rules(std::string const& tie) {
    return family(
        "  - {match: [embed, head, score], partition: replicated, stage: all}\ntied:\n  - {alias: head, target: embed" +
        tie + "}\n");
  }
  static std::size_t aliases(std::vector<NamedShape> const& tensors, std::string const& tie,
                             std::string const& config) {
    return partition_model(make_catalog(tensors, 1), {}, rules_of(rules(tie)), config, heads_are_the_same())
        .aliases.size();
  }
  static LayoutOptions heads_are_the_same() {
    LayoutOptions options;
    options.same_bytes = {"head"};
    return options;
  }
};

TEST_F(TiedTest, FollowsConfigJsonAndElseTheDefault) {
  std::vector<NamedShape> const tensors{{"embed", {2}}, {"head", {2}}};
  EXPECT_EQ(aliases(tensors, "", ""), 1U);
  for (std::string const preset : {"true", "false"}) {
    auto const tie = ", when: config.tie, default: " + preset;
    EXPECT_EQ(aliases(tensors, tie, R"({"tie": true})"), 1U);
    EXPECT_EQ(aliases(tensors, tie, R"({"tie": false})"), 0U);
    EXPECT_EQ(aliases(tensors, tie, "{}"), preset == "true" ? 1U : 0U);
  }
}

TEST_F(TiedTest, DependsOnOtherTensors) {
  std::vector<NamedShape> const bare{{"embed", {2}}};
  std::vector<NamedShape> const scored{{"embed", {2}}, {"score", {2}}};
  EXPECT_EQ(aliases(bare, ", needs: score", ""), 0U);
  EXPECT_EQ(aliases(scored, ", needs: score", ""), 1U);
  EXPECT_EQ(aliases(bare, ", unless: score", ""), 1U);
  EXPECT_EQ(aliases(scored, ", unless: score", ""), 0U);
  EXPECT_EQ(aliases({{"score", {2}}}, "", ""), 0U);
}

TEST_F(TiedTest, ReadsTheConfigOfTheTextModelToo) {
  std::vector<NamedShape> const tensors{{"embed", {2}}};
  auto const tie = std::string(", when: config.tie, default: false");
  EXPECT_EQ(aliases(tensors, tie, R"({"text_config": {"tie": true}})"), 1U);
  EXPECT_EQ(aliases(tensors, tie, R"({"text_config": {"tie": false}})"), 0U);
  EXPECT_EQ(aliases(tensors, tie, R"({"tie": true, "text_config": {"tie": false}})"), 1U);
  EXPECT_EQ(aliases(tensors, tie, R"({"tie": false, "text_config": {"tie": true}})"), 1U);
  EXPECT_EQ(aliases(tensors, tie, R"({"tie": false, "text_config": {}})"), 0U);
}

TEST_F(TiedTest, NamesTheTargetWhereOnlyTheAliasIsStored) {
  auto const text = std::string(
      "model_types: [test]\nsizes:\n  layers: config.layers\nrules:\n"
      "  - {match: [\"{model.,other.}embed.w\", model.norm.w], partition: replicated, stage: first}\n"
      "  - {match: head.w, partition: replicated, stage: last}\n"
      "tied:\n  - {alias: head.w, target: \"{other.,model.}embed.w\", when: config.tie, default: true}\n"
      "required: [\"{model.,other.}embed.w\"]\n");
  auto const catalog = make_catalog({{"head.w", {4, 2}}, {"model.norm.w", {2}}}, 1);
  auto const layout = partition_model(catalog, {1, 2, 1}, rules_of(text), R"({"layers": 2})");
  ASSERT_EQ(layout.aliases.size(), 1U);
  EXPECT_EQ(layout.aliases[0].name, "model.embed.w");
  EXPECT_EQ(layout.aliases[0].target, "head.w");
  EXPECT_EQ(parameter_of(catalog, layout, "head.w").stages, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_THAT(config_error_of([&] { partition_model(catalog, {}, rules_of(text), R"({"layers": 2, "tie": false})"); }),
              AllOf(HasSubstr("missing"), HasSubstr("embed.w")));
}

TEST_F(TiedTest, KeepsBothUnlessTheyAreKnownToBeTheSame) {
  auto const catalog = make_catalog({{"embed", {2}}, {"head", {2}}}, 1);
  auto const layout =
      partition_model(catalog, {}, rules_of(rules(", when: config.tie, default: true")), R"({"tie": true})");
  EXPECT_EQ(layout.parameters.size(), 2U);
  EXPECT_THAT(layout.aliases, IsEmpty());
  ASSERT_EQ(layout.untied.size(), 1U);
  EXPECT_EQ(catalog.tensors[layout.untied[0].alias].name, "head");
  EXPECT_EQ(catalog.tensors[layout.untied[0].target].name, "embed");
  ASSERT_EQ(layout.warnings.size(), 1U);
  EXPECT_EQ(layout.warnings[0],
            "model: head should be the same as embed (tie in config.json, test.yaml:7), but is stored with other "
            "bytes: both are loaded");

  auto const same =
      partition_model(catalog, {}, rules_of(rules(", when: config.tie, default: true")), "{}", heads_are_the_same());
  EXPECT_EQ(same.parameters.size(), 1U);
  EXPECT_EQ(same.aliases.size(), 1U);
  EXPECT_THAT(same.untied, IsEmpty());
  EXPECT_THAT(same.warnings, IsEmpty());
}

TEST_F(TiedTest, KeepsBothOfDifferentShapesOrTypes) {
  auto const check = [](Catalog const& catalog) {
    auto const layout = partition_model(catalog, {}, rules_of(rules("")), "", heads_are_the_same());
    EXPECT_EQ(layout.parameters.size(), 2U);
    EXPECT_THAT(layout.aliases, IsEmpty());
    EXPECT_THAT(layout.untied, IsEmpty()) << "there is nothing to compare";
    ASSERT_EQ(layout.warnings.size(), 1U);
    EXPECT_THAT(layout.warnings[0], HasSubstr("another shape or dtype: both are loaded"));
  };
  check(make_catalog({{"embed", {2}}, {"head", {3}}}, 1));
  auto other_type = make_catalog({{"embed", {2}}, {"head", {2}}}, 1);
  other_type.tensors[1].dtype = DType::f32;
  check(other_type);
}

TEST_F(TiedTest, PutsBothOnTheirOwnStages) {
  auto const rules =
      rules_of(family("  - {match: embed, partition: replicated, stage: first}\n"
                      "  - {match: head, partition: replicated, stage: last}\n"
                      "tied: [{alias: head, target: embed}]\n"));
  auto const catalog = make_catalog({{"embed", {2}}, {"head", {2}}}, 1);
  auto const layout = partition_model(catalog, {1, 2, 1}, rules, R"({"layers": 2})");
  EXPECT_EQ(parameter_of(catalog, layout, "embed").stages, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(parameter_of(catalog, layout, "head").stages, (std::vector<std::uint32_t>{1}));
}

TEST_F(TiedTest, NamesTheKeyThatWouldTieWhatIsMissing) {
  auto const error = [](std::string const& config) {
    return config_error_of([&] {
      partition_model(make_catalog({{"embed", {2}}}, 1), {},
                      rules_of(rules(", when: config.tie, default: false") + "required: [head]\n"), config);
    });
  };
  EXPECT_THAT(error("{}"), AllOf(HasSubstr("missing (test.yaml:8):\n    head"),
                                 HasSubstr("with tie: true in config.json, head would be embed")));
  EXPECT_EQ(error(R"({"tie": true})"), "");
}

class FindRulesTest : public ::testing::Test {
 protected:
  FindRulesTest() {
    std::filesystem::create_directories(folder_);
    write("camel", "model_types: [dromedary]\nrules: []\n");
  }
  ~FindRulesTest() override { std::filesystem::remove_all(folder_); }
  FindRulesTest(FindRulesTest const&) = delete;
  FindRulesTest& operator=(FindRulesTest const&) = delete;

  void write(std::string const& family, std::string const& text) const {
    std::ofstream(folder_ / (family + ".yaml")) << text;
  }
  std::string find(std::string const& family, std::string const& config_json) const {
    return find_rules({family, config_json, {"/no/such/folder", folder_.string()}}).file;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("distload_find_rules_" + std::to_string(::getpid()));
};

TEST_F(FindRulesTest, GoesByNameOrModelType) {
  auto const file = (folder_ / "camel.yaml").string();
  EXPECT_EQ(find("camel", ""), file);
  EXPECT_EQ(find("auto", R"({"model_type": "camel"})"), file);
  EXPECT_EQ(find("auto", R"({"model_type": "dromedary"})"), file);
}

TEST_F(FindRulesTest, GoesByArchitecturesWithoutAModelType) {
  write("old_camel", "model_types: [old_camel2]\nrules: []\n");
  auto const file = (folder_ / "old_camel.yaml").string();
  EXPECT_EQ(find("auto", R"({"architectures": ["OldCamelForCausalLM"]})"), file);
  EXPECT_EQ(find("auto", R"({"architectures": ["OldCamel2Model"]})"), file);
  EXPECT_THAT(config_error_of([&] { find("auto", R"({"architectures": ["OldCamel3Model"]})"); }),
              AllOf(HasSubstr("no `model_type`"), HasSubstr("`OldCamel3Model`"), HasSubstr("RULES.md")));
}

TEST_F(FindRulesTest, SuggestsKnownFamilies) {
  EXPECT_THAT(config_error_of([&] { find("camell", ""); }),
              AllOf(HasSubstr("family `camell`"), HasSubstr("known are camel; did you mean `camel`?")));
  EXPECT_THAT(config_error_of([&] { find("auto", R"({"model_type": "llama"})"); }),
              AllOf(HasSubstr("models of type `llama`"), HasSubstr("known are camel")));
  EXPECT_THAT(config_error_of([&] { find("auto", ""); }),
              AllOf(HasSubstr("no config.json"), HasSubstr("set model.family"), HasSubstr("known are camel")));
  EXPECT_THAT(config_error_of([&] { find("auto", "{}"); }), HasSubstr("no `model_type`"));
  EXPECT_THAT(config_error_of([&] { find("auto", R"({"model_type": "camel3"})"); }),
              AllOf(HasSubstr("model.rules"), HasSubstr("RULES.md"), Not(HasSubstr("did you mean"))));
}

TEST_F(FindRulesTest, FollowsWhatFilesExtend) {
  write("llama", "extends: camel\nmodel_types: [vicugna]\n");
  write("alpaca", "extends: llama\n");
  auto const rules = find_rules({"alpaca", "", {folder_.string()}});
  EXPECT_EQ(rules.family, "alpaca");
  ASSERT_EQ(rules.bases.size(), 2U);
  EXPECT_EQ(rules.bases[0].file, (folder_ / "llama.yaml").string());
  EXPECT_EQ(rules.bases[1].text, "model_types: [dromedary]\nrules: []\n");
  EXPECT_EQ(find("auto", R"({"model_type": "vicugna"})"), rules.bases[0].file);
  EXPECT_EQ(find("auto", R"({"model_type": "dromedary"})"), rules.bases[1].file) << "not inherited";
}

TEST_F(FindRulesTest, RefusesCirclesAndUnknownBases) {
  write("a", "extends: b\n");
  write("b", "\nextends: a\n");
  write("c", "extends: c\n");
  write("d", "extends: camell\n");
  write("e", "extends: auto\n");
  EXPECT_THAT(config_error_of([&] { find("a", ""); }), HasSubstr("b.yaml: extends a, which extends it"));
  EXPECT_THAT(config_error_of([&] { find("c", ""); }), HasSubstr("c.yaml: extends c, which extends it"));
  EXPECT_THAT(
      config_error_of([&] { find("d", ""); }),
      AllOf(HasSubstr("d.yaml: extends: there are no rules for the family `camell`"), HasSubstr("mean `camel`?")));
  EXPECT_THAT(config_error_of([&] { find("e", R"({"model_type": "camel"})"); }),
              HasSubstr("e.yaml: extends auto, which extends it"));
}

TEST_F(FindRulesTest, TakesAFileOfTheUsers) {
  auto const outside = folder_.string() + "_mine.yaml";
  auto const mine = [&](std::string const& text, std::string const& family, std::string const& config_json) {
    std::ofstream(outside) << text;
    return find_rules({family, config_json, {folder_.string()}, outside});
  };
  EXPECT_EQ(mine("rules: []\n", "auto", "").file, outside);
  EXPECT_EQ(mine("rules: []\n", "auto", "").family, std::filesystem::path(outside).stem().string());
  EXPECT_EQ(mine("extends: camel\n", "auto", "").bases.size(), 1U);
  EXPECT_EQ(mine("extends: auto\n", "auto", R"({"model_type": "dromedary"})").bases.size(), 1U);
  EXPECT_EQ(mine("extends: auto\n", "camel", "").bases.size(), 1U) << "as model.family says";
  EXPECT_THAT(config_error_of([&] { mine("extends: auto\n", "auto", ""); }), HasSubstr("no config.json"));
  std::filesystem::remove(outside);
  EXPECT_THAT(config_error_of([&] {
                find_rules({"camel", "", {folder_.string()}, outside});
              }),
              HasSubstr("model.rules: there is no file " + outside));
}

TEST_F(FindRulesTest, KeepsToItsFolders) {
  std::ofstream(folder_.parent_path() / "distload_outside.yaml") << "model_types: []\nrules: []\n";
  EXPECT_NE(config_error_of([&] { find("../distload_outside", ""); }), "");
  EXPECT_NE(config_error_of([&] { find("auto", R"({"model_type": "../distload_outside"})"); }), "");
  std::filesystem::remove(folder_.parent_path() / "distload_outside.yaml");
}

TEST(DefaultRuleDirectories, HoldTheFamiliesOfTheProject) {
  for (auto const* family : {"llama", "mistral", "qwen2", "qwen3", "bert"}) {
    EXPECT_EQ(find_rules({family, "", default_rule_directories()}).family, family);
  }
}

TEST(DefaultRuleDirectories, HoldOnlyFilesInTheLanguage) {
  for (auto const& directory : default_rule_directories()) {
    for (auto const& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.is_directory()) continue;
      auto const family = entry.path().stem().string();
      EXPECT_NO_THROW(rules::read_rules(find_rules({family, "", {directory}}))) << family;
    }
  }
}

}  // namespace
}  // namespace distload::testing
