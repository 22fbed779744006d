// Which tensors belong to which weights.
#include "partition/companions.hpp"

#include <gtest/gtest.h>

#include "model_fixture.hpp"

namespace distload::rules {
namespace {

/// The name of the weight that `name` belongs to among `names`; "" if there is none.
std::string weight_of(std::string const& name, std::vector<std::string> const& names) {
  std::vector<testing::NamedShape> tensors{{name, {1}}};
  for (auto const& other : names) tensors.push_back({other, {1}});
  auto const catalog = testing::make_catalog(tensors, 1);
  auto const found = find_companion(catalog, name);
  return found ? catalog.tensors[found->weight].name : "";
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

TEST(FindCompanion, KnowsWhichNeedRulesOfTheirOwn) {
  auto const catalog = testing::make_catalog(
      {{"a.qweight", {1}}, {"a.scales", {1}}, {"b.weight", {1}}, {"b.weight_scale", {1}}, {"b.input_scale", {1}}}, 1);
  EXPECT_FALSE(find_companion(catalog, "a.scales")->is_cut_with_weight);
  EXPECT_TRUE(find_companion(catalog, "b.weight_scale")->is_cut_with_weight);
  EXPECT_EQ(find_companion(catalog, "b.input_scale")->follows, Follows::nothing);
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
