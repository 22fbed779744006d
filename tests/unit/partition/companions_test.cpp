// Which tensors belong to which weights.
#include "partition/companions.hpp"

#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload::rules {
namespace {

/// The shared formats, over a catalog and a config.json.
struct Known {
  explicit Known(Catalog tensors, std::string_view config_json = "{}")
      : catalog(std::move(tensors)), config(config_json) {}

  Catalog catalog;
  RuleSet set = read_rules({"test", "test.yaml", "rules: []\n", {testing::shared_formats()}});
  ConfigValues config;
  Companions companions{catalog, set, config};
};

/// The name of the weight that `name` belongs to among `names`; "" if there is none.
std::string weight_of(std::string const& name, std::vector<std::string> const& names) {
  std::vector<testing::NamedShape> tensors{{name, {1}}};
  for (auto const& other : names) tensors.push_back({other, {1}});
  auto catalog = testing::make_catalog(tensors, 1);
  auto const in_bytes = name.ends_with("_scales") || name.ends_with("_global_scale");
  for (auto& tensor : catalog.tensors) tensor.dtype = in_bytes ? DType::u8 : DType::i32;
  Known const known(std::move(catalog));
  auto const found = known.companions.find(name);
  return found ? known.catalog.tensors[found->weight].name : "";
}

TEST(FindCompanion, GoesByTheNamesThatFormatsGiveThem) {
  struct Case {
    char const* name;
    char const* weight;
  };
  Case const cases[]{
      {"a.q_proj.weight_scale_inv", "a.q_proj.weight"},
      {"a.q_proj.weight_scale", "a.q_proj.weight"},
      {"a.q_proj.weight_scale", "a.q_proj.weight_packed"},
      {"a.q_proj.weight_scale_2", "a.q_proj.weight"},
      {"a.q_proj.weight_global_scale", "a.q_proj.weight_packed"},
      {"a.q_proj.input_scale", "a.q_proj.weight"},
      {"a.q_proj.pre_quant_scale", "a.q_proj.weight"},
      {"a.k_proj.k_scale", "a.k_proj.weight"},
      {"a.k_scale", "a.k_proj.weight"},
      {"a.v_scale", "a.qkv_proj.weight"},
      {"experts.gate_up_proj_scale_inv", "experts.gate_up_proj"},
      {"experts.down_proj_scales", "experts.down_proj_blocks"},
      {"a.q_proj.qzeros", "a.q_proj.qweight"},
  };
  for (auto const& [name, weight] : cases) {
    EXPECT_EQ(weight_of(name, {weight}), weight) << name;
    EXPECT_EQ(weight_of(name, {"b.q_proj.weight"}), "") << name << " of a weight that is not there";
  }
}

TEST(FindCompanion, GuessesNothingFromASuffix) {
  for (auto const* const name : {"a.q_proj.foo_scale", "a.q_proj.weight_foo", "a.q_proj.foo_scale_inv",
                                 "a.q_proj.act_scale", "a.scale.weight", "a.q_proj.bias"}) {
    EXPECT_EQ(weight_of(name, {"a.q_proj.weight"}), "") << name;
  }
}

TEST(FindCompanion, GoesByWhatConfigJsonNames) {
  auto const tensors = [] {
    auto catalog =
        testing::make_catalog({{"a.qweight", {1}}, {"a.scales", {1}}, {"b.weight", {1}}, {"b.input_scale", {1}}}, 1);
    catalog.tensors[0].dtype = DType::i32;
    return catalog;
  };
  Known const unnamed(tensors());
  EXPECT_FALSE(unnamed.companions.find("a.scales")->is_active);
  EXPECT_TRUE(unnamed.companions.find("b.input_scale")->is_active);
  EXPECT_FALSE(unnamed.companions.packed(0).has_value());
  for (auto const* const config : {R"({"quantization_config": {"quant_method": "gptq", "bits": 4}})",
                                   R"({"quantization_config": {"quant_method": "awq", "bits": 4}})"}) {
    Known const named(tensors(), config);
    EXPECT_TRUE(named.companions.find("a.scales")->is_active) << config;
    ASSERT_TRUE(named.companions.packed(0)) << config;
    EXPECT_EQ(named.companions.packed(0)->name, "a.weight");
  }
}

TEST(WeightBeside, IsOfTheSameModuleOrThePrefix) {
  auto const catalog = testing::make_catalog({{"a.q_proj.weight", {1}},
                                              {"a.q_proj.weight_foo", {1}},
                                              {"a.q_proj.weight.absmax", {1}},
                                              {"a.q_proj.qzeros", {1}},
                                              {"b.qweight", {1}},
                                              {"b.foo", {1}},
                                              {"experts.up", {1}},
                                              {"experts.up_blocks", {1}},
                                              {"mystery.weight", {1}},
                                              {"c.mystery", {1}},
                                              {"lonely", {1}}},
                                             1);
  auto const beside = [&](std::string const& name) {
    auto const* const weight = weight_beside(catalog, name);
    return weight == nullptr ? std::string() : weight->name;
  };
  EXPECT_EQ(beside("a.q_proj.weight_foo"), "a.q_proj.weight");
  EXPECT_EQ(beside("a.q_proj.weight.absmax"), "a.q_proj.weight");
  EXPECT_EQ(beside("a.q_proj.qzeros"), "a.q_proj.weight");
  EXPECT_EQ(beside("b.foo"), "b.qweight");
  EXPECT_EQ(beside("experts.up_blocks"), "experts.up");
  EXPECT_EQ(beside("mystery.weight"), "");
  EXPECT_EQ(beside("c.mystery"), "");
  EXPECT_EQ(beside("lonely"), "");
}

}  // namespace
}  // namespace distload::rules
