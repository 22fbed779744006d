// Rule files that extend others, conditions, and layers that are not counted from zero.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload::testing {
namespace {

using ::testing::HasSubstr;
using Stages = std::vector<std::uint32_t>;

RuleText const kBase{"where/base.yaml",
                     "model_types: base\n"
                     "sizes: {heads: config.heads, head_dim: config.hidden / heads, layers: config.layers}\n"
                     "flags: {wide: false}\n"
                     "rules:\n"
                     "  - {match: \"l.{layer}.q\", partition: column_parallel, heads: heads}\n"
                     "  - {match: \"l.{layer}.norm\", partition: replicated}\n"
                     "  - {match: embed, partition: vocab_parallel, stage: first}\n"
                     "  - {match: head, partition: vocab_parallel, stage: last}\n"
                     "tied:\n"
                     "  - {alias: head, target: embed, when: config.tie, default: true}\n"};

/// Layouts by a file that extends `kBase`.
class ExtendedRulesTest : public ::testing::Test {
 protected:
  ModelLayout layout(std::string const& text, std::string const& config = R"({"heads": 4, "hidden": 16, "layers": 4})",
                     Topology const& topology = {2, 2, 1}) const {
    return partition_model(catalog_, topology, rules_of("extends: base\n" + text, {kBase}), config);
  }
  std::string error(std::string const& text) const {
    return config_error_of([&] { layout(text); });
  }

  Catalog catalog_ = make_catalog({{"l.{layer}.q", {16, 8}}, {"l.{layer}.norm", {8}}, {"embed", {10, 8}}}, 4);
};

TEST_F(ExtendedRulesTest, AreTheBasesWhereNothingElseIsSaid) {
  auto const made = layout("");
  EXPECT_EQ(made.family, "test");
  EXPECT_EQ(parameter_of(catalog_, made, "l.3.q").rule, "base.yaml:5");
  EXPECT_EQ(parameter_of(catalog_, made, "l.3.q").partition.sections, (std::vector<Section>{{16, 4, false}}));
  EXPECT_EQ(parameter_of(catalog_, made, "embed").stages, (Stages{0, 1}));
  EXPECT_EQ(made.aliases.size(), 1U);
}

TEST_F(ExtendedRulesTest, ComeBeforeTheBases) {
  auto const made = layout("rules:\n  - {match: \"l.{layer}.*\", partition: replicated}\n");
  EXPECT_EQ(parameter_of(catalog_, made, "l.3.q").rule, "test.yaml:3");
  EXPECT_EQ(parameter_of(catalog_, made, "l.3.q").partition.kind, PartitionKind::replicated);
  EXPECT_EQ(parameter_of(catalog_, made, "embed").rule, "base.yaml:7");
  EXPECT_THAT(error("rules:\n  - {match: \"l.{layer}.*\", partition: replicated}\n"
                    "  - {match: \"l.{layer}.q\", partition: replicated}\n"),
              HasSubstr("more than one rule matches: test.yaml:3 and test.yaml:4:"));
}

TEST_F(ExtendedRulesTest, ReplaceSizesWhereTheBaseUsesThem) {
  auto const unit_of = [&](std::string const& sizes) {
    return parameter_of(catalog_, layout(sizes), "l.0.q").partition.sections.at(0).unit;
  };
  EXPECT_EQ(unit_of("sizes: {heads: 2}\n"), 8U) << "the base's head_dim is made of the new heads";
  EXPECT_EQ(unit_of("sizes: {pairs: heads / 2, head_dim: 8 / pairs, heads: 2}\n"), 8U);
  EXPECT_EQ(unit_of("sizes: {pairs: heads / 2, head_dim: 8 / pairs}\n"), 4U) << "made of the base's heads";
}

TEST_F(ExtendedRulesTest, RefuseSizesThatAreMadeOfThemselves) {
  EXPECT_THAT(error("sizes: {heads: head_dim}\n"), HasSubstr("folder/test.yaml:2: the size `heads` is made of itself"));
  EXPECT_THAT(error("sizes: {heads: heads / 2}\n"), HasSubstr("`heads` is made of itself"));
}

TEST_F(ExtendedRulesTest, ReplaceTiesByTheirAlias) {
  EXPECT_TRUE(layout("tied: {alias: head, target: embed, when: config.other, default: false}\n").aliases.empty());
  EXPECT_EQ(layout("tied: {alias: tail, target: \"l.0.norm\"}\n"
                   "rules: {match: tail, partition: replicated, stage: last}\n")
                .aliases.size(),
            2U);
}

TEST_F(ExtendedRulesTest, DoNotInheritModelTypes) {
  EXPECT_TRUE(rules::read_rules(rules_of("extends: base\n", {kBase})).model_types.empty());
}

TEST_F(ExtendedRulesTest, MayBeExtendedThemselves) {
  RuleText const middle{"middle.yaml",
                        "extends: base\n"
                        "sizes: {heads: 2}\n"
                        "rules:\n  - {match: \"l.{layer}.norm\", partition: column_parallel}\n"};
  auto const made =
      partition_model(catalog_, {},
                      rules_of("extends: middle\nsizes: {twice: 2 * head_dim}\n"
                               "rules: {match: embed, partition: column_parallel, unit: heads, stage: all}\n",
                               {middle, kBase}),
                      R"({"heads": 4, "hidden": 16})");
  EXPECT_EQ(parameter_of(catalog_, made, "embed").rule, "test.yaml:3");
  EXPECT_EQ(parameter_of(catalog_, made, "embed").partition.sections.at(0).unit, 2U);
  EXPECT_EQ(parameter_of(catalog_, made, "l.0.norm").rule, "middle.yaml:4");
  EXPECT_EQ(parameter_of(catalog_, made, "l.0.q").rule, "base.yaml:5");
  EXPECT_EQ(parameter_of(catalog_, made, "l.0.q").partition.sections.at(0).unit, 8U);
}

class ConditionsTest : public ExtendedRulesTest {
 protected:
  /// The line of the rule for the embedding.
  std::string rule(std::string const& config, std::string const& flags = "{wide: true, tall: false}") const {
    auto const made = partition_model(catalog_, {},
                                      rules_of("extends: base\nflags: " + flags +
                                                   "\nrules:\n"
                                                   "  - {match: embed, partition: replicated, stage: all, "
                                                   "when: {wide: true, tall: true}}\n"
                                                   "  - {match: embed, partition: replicated, stage: all, "
                                                   "when: {wide: true, tall: false}}\n",
                                               {kBase}),
                                      config);
    return parameter_of(catalog_, made, "embed").rule;
  }
};

TEST_F(ConditionsTest, ChooseAmongRules) {
  std::string const sizes = R"("heads": 4, "hidden": 16, )";
  EXPECT_EQ(rule("{" + sizes + R"("wide": true, "tall": true})"), "test.yaml:4");
  EXPECT_EQ(rule("{" + sizes + R"("wide": true, "tall": false})"), "test.yaml:5");
  EXPECT_EQ(rule("{" + sizes + R"("wide": false, "tall": true})"), "base.yaml:7");
  EXPECT_EQ(rule("{" + sizes + R"("tall": null})"), "test.yaml:5") << "what holds by default";
  EXPECT_EQ(rule("{" + sizes + R"("tall": null})", "{tall: true}"), "base.yaml:7") << "the base's flag";
}

TEST_F(ConditionsTest, RefuseWhatIsNoFlag) {
  EXPECT_THAT(error("rules:\n  - {match: embed, partition: replicated, stage: all, when: {wild: true}}\n"),
              HasSubstr("folder/test.yaml:3: `wild` is none of the `flags`"));
  EXPECT_THAT(config_error_of([&] { rule(R"({"wide": "yes"})"); }),
              HasSubstr(R"(wide is "yes", expected true or false)"));
}

/// Stages by rules for an encoder of two layers, a decoder of three, and one layer more.
class LayersTest : public ::testing::Test {
 protected:
  Stages stages(std::string const& name, std::uint32_t pipeline_parallel,
                std::vector<std::uint32_t> const& pipeline_layers = {}) const {
    auto const catalog = make_catalog({{name, {4}}}, 1);
    LayoutOptions options;
    options.pipeline_layers = pipeline_layers;
    options.missing = Tolerance::ignore;  // there is nothing but that tensor
    auto const made =
        partition_model(catalog, {1, pipeline_parallel, 1},
                        rules_of("sizes: {first: config.first, second: 3, layers: first + second,\n"
                                 "        last_of_first: first - 1, extra_layers: [config.extra, 0]}\n"
                                 "rules:\n"
                                 "  - {match: \"first.{layer}\", partition: replicated}\n"
                                 "  - {match: first.end, partition: replicated, layer_offset: last_of_first}\n"
                                 "  - {match: [\"second.{layer}\", second.begin], partition: replicated,\n"
                                 "     layer_offset: first}\n"),
                        config_, options);
    return parameter_of(catalog, made, name).stages;
  }

  std::string config_ = R"({"first": 2, "extra": 1})";
};

TEST_F(LayersTest, AreCountedFromTheirOffset) {
  EXPECT_EQ(stages("first.1", 5), Stages{1});
  EXPECT_EQ(stages("first.end", 5), Stages{1});
  EXPECT_EQ(stages("second.begin", 5), Stages{2});
  EXPECT_EQ(stages("second.2", 5), Stages{4});
  EXPECT_EQ(stages("second.0", 2), Stages{0});
  EXPECT_EQ(stages("second.0", 2, {2, 3}), Stages{1});
}

TEST_F(LayersTest, MayFollowTheLastOneOnItsStage) {
  EXPECT_EQ(stages("second.3", 3), Stages{2});
  EXPECT_EQ(stages("second.3", 2, {4, 1}), Stages{1});
  EXPECT_THAT(config_error_of([&] { stages("second.4", 2); }), HasSubstr("has only 5 layers"));
  config_ = R"({"first": 2})";
  EXPECT_THAT(config_error_of([&] { stages("second.3", 2); }), HasSubstr("has only 5 layers:"));
}

TEST_F(LayersTest, MayBeNone) {
  config_ = R"({"first": 0})";
  EXPECT_EQ(stages("second.0", 3), Stages{0});
  EXPECT_THAT(config_error_of([&] { stages("first.end", 1); }), HasSubstr("first 0 is less than 1 (test.yaml:5)"));
}

}  // namespace
}  // namespace distload::testing
