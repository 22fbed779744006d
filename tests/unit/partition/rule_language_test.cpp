// What no shipped family needs yet, in one made-up family: fused and interleaved QKV, Conv1D, gate_up, experts, uneven
// units.
#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/partition_model.hpp"

namespace distload::testing {
namespace {

constexpr char const* kFamily = R"(
model_types: synthetic
sizes:
  layers: config.n_layer
  hidden: config.text.n_embd
  heads: config.n_head
  kv_heads: [config.n_kv, heads]
  head_dim: hidden / heads
  interleaved: 3 * head_dim
  group_heads: heads / kv_heads
  group_rows: group_heads + 2
  group: group_rows * head_dim
  intermediate: config.n_inner
rules:
  # Query, key and value one after the other (phi3).
  - match: "h.{layer}.qkv_proj.weight"
    partition: column_parallel
    sections:
      - heads: heads
      - {heads: kv_heads, replicate: true}
      - {heads: kv_heads, replicate: true}
  # Query, key and value of each head together (gpt-neox, bloom).
  - match: "h.{layer}.query_key_value.{weight,bias}"
    partition: column_parallel
    heads: heads
    unit: interleaved
  # The query heads of a group, then its key and its value (falcon).
  - match: "h.{layer}.grouped.weight"
    partition: column_parallel
    heads: kv_heads
    unit: group
  # Conv1D stores [in, out] (gpt2).
  - match: "h.{layer}.c_attn.weight"
    partition: column_parallel
    axis: 1
    sections: [{heads: heads}, {heads: heads}, {heads: heads}]
  - match: "h.{layer}.c_attn.bias"
    partition: column_parallel
    sections: [{heads: heads}, {heads: heads}, {heads: heads}]
  - match: "h.{layer}.c_proj.weight"
    partition: row_parallel
    axis: 0
  - match: "h.{layer}.gate_up_proj.weight"
    partition: column_parallel
    sections: 2
  # Experts by name (mixtral) and as one tensor.
  - match: "h.{layer}.experts.{expert}.{w1,w3}.weight"
    partition: column_parallel
  - match: "h.{layer}.experts.{expert}.w2.weight"
    partition: row_parallel
  - match: "h.{layer}.experts.gate_up_proj"
    partition: column_parallel
    axis: 1
    sections: [{size: intermediate}, {size: intermediate}]
  - match: "h.{layer}.experts.down_proj"
    partition: row_parallel
    axis: 2
  - {match: "h.{layer}.*_norm.weight", partition: replicated}
  - {match: wte.weight, partition: vocab_parallel, stage: [first, last]}
)";

constexpr char const* kFamilyConfig =
    R"({"n_layer": 2, "text": {"n_embd": 32}, "n_head": 8, "n_kv": 2, "n_inner": 12})";

class RuleLanguageTest : public ::testing::Test {
 protected:
  /// The stretches [begin, end) of the cut axis that a rank of four holds, in the order of its shard.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> held(std::string const& name, std::uint32_t rank) const {
    auto const& partition = parameter_of(catalog_, layout_, name).partition;
    auto const parameter = parameter_of(catalog_, layout_, name);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> stretches;
    auto const shard = shard_layout(partition, catalog_.tensors[parameter.tensor].shape, rank, 4);
    for (auto const& piece : shard.pieces) {
      auto const begin = piece.global.offset[partition.axis];
      stretches.emplace_back(begin, begin + piece.global.extent[partition.axis]);
    }
    return stretches;
  }

  Catalog catalog_ = make_catalog({{"h.{layer}.qkv_proj.weight", {48, 32}},
                                   {"h.{layer}.query_key_value.weight", {96, 32}},
                                   {"h.{layer}.query_key_value.bias", {96}},
                                   {"h.{layer}.c_attn.weight", {32, 96}},
                                   {"h.{layer}.c_attn.bias", {96}},
                                   {"h.{layer}.c_proj.weight", {32, 32}},
                                   {"h.{layer}.gate_up_proj.weight", {24, 32}},
                                   {"h.{layer}.experts.0.w1.weight", {12, 32}},
                                   {"h.{layer}.experts.1.w2.weight", {32, 12}},
                                   {"h.{layer}.experts.gate_up_proj", {2, 24, 32}},
                                   {"h.{layer}.experts.down_proj", {2, 32, 12}},
                                   {"h.{layer}.query_norm.weight", {4}},
                                   {"wte.weight", {33, 32}}},
                                  2);
  Topology topology_{4, 1, 1};
  ModelLayout layout_ = partition_model(catalog_, topology_, rules_of(kFamily), kFamilyConfig);
};

using Stretches = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

TEST_F(RuleLanguageTest, CutsConcatenatedQkvPartByPart) {
  EXPECT_EQ(held("h.0.qkv_proj.weight", 0), (Stretches{{0, 8}, {32, 36}, {40, 44}}));
  EXPECT_EQ(held("h.1.qkv_proj.weight", 3), (Stretches{{24, 32}, {36, 40}, {44, 48}}));
}

TEST_F(RuleLanguageTest, CutsInterleavedQkvByHeads) {
  EXPECT_EQ(held("h.0.query_key_value.weight", 1), (Stretches{{24, 48}}));
  EXPECT_EQ(held("h.0.query_key_value.bias", 3), (Stretches{{72, 96}}));
}

TEST_F(RuleLanguageTest, KeepsGroupsOfHeadsWhole) {
  auto const catalog = make_catalog({{"h.{layer}.grouped.weight", {48, 32}}}, 2);
  auto const partition =
      partition_model(catalog, {2, 1, 1}, rules_of(kFamily), kFamilyConfig).parameters.at(0).partition;
  EXPECT_EQ(partition.sections, (std::vector<Section>{{48, 24}}));
  EXPECT_NE(config_error_of([&] { partition_model(catalog, {4, 1, 1}, rules_of(kFamily), kFamilyConfig); }), "");
}

TEST_F(RuleLanguageTest, SwapsTheAxesOfConv1D) {
  EXPECT_EQ(parameter_of(catalog_, layout_, "h.0.c_attn.weight").partition.axis, 1U);
  EXPECT_EQ(held("h.0.c_attn.weight", 2), (Stretches{{16, 24}, {48, 56}, {80, 88}}));
  EXPECT_EQ(held("h.0.c_attn.bias", 2), (Stretches{{16, 24}, {48, 56}, {80, 88}}));
  EXPECT_EQ(shard_of(catalog_, layout_, topology_, "h.0.c_proj.weight"), (Shape{8, 32}));
}

TEST_F(RuleLanguageTest, CutsGateAndUpOneByOne) {
  EXPECT_EQ(held("h.0.gate_up_proj.weight", 1), (Stretches{{3, 6}, {15, 18}}));
}

TEST_F(RuleLanguageTest, CutsExpertsByNameAndFused) {
  EXPECT_EQ(shard_of(catalog_, layout_, topology_, "h.1.experts.0.w1.weight"), (Shape{3, 32}));
  EXPECT_EQ(shard_of(catalog_, layout_, topology_, "h.1.experts.1.w2.weight"), (Shape{32, 3}));
  EXPECT_EQ(held("h.1.experts.gate_up_proj", 3), (Stretches{{9, 12}, {21, 24}}));
  EXPECT_EQ(shard_of(catalog_, layout_, topology_, "h.1.experts.gate_up_proj"), (Shape{2, 6, 32}));
  EXPECT_EQ(shard_of(catalog_, layout_, topology_, "h.1.experts.down_proj"), (Shape{2, 32, 3}));
}

TEST_F(RuleLanguageTest, MatchesStars) {
  EXPECT_EQ(shard_of(catalog_, layout_, topology_, "h.1.query_norm.weight"), (Shape{4}));
  EXPECT_EQ(held("wte.weight", 3), (Stretches{{27, 33}}));
}

}  // namespace
}  // namespace distload::testing
