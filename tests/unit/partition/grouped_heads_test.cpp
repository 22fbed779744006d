// Heads in groups, one after the other in one tensor, and heads in tensors of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_fixture.hpp"
#include "partition/partition_model.hpp"
#include "partition/rules/rule_directories.hpp"

namespace distload::testing {
namespace {

using ::testing::HasSubstr;

/// Two groups of four queries, a key and a value of 2 elements; norms of 8 queries and 2 keys.
constexpr char const* kGroupedFamily = R"(
sizes: {layers: config.layers, heads: 8, kv_heads: 2, head_dim: 2, queries: heads / kv_heads}
rules:
  - match: "h.{layer}.qkv"
    partition: column_parallel
    groups: kv_heads
    sections: [{heads: queries}, {heads: 1, replicate: true}, {heads: 1, replicate: true}]
  - {match: "h.{layer}.q_norm.{head}", partition: column_parallel, heads: heads}
  - {match: "h.{layer}.k_norm.{head}", partition: column_parallel, heads: kv_heads, replicate: true}
)";
constexpr char const* kConfig = R"({"layers": 1})";

/// The rows of a tensor that a rank holds, in its order.
std::vector<std::uint64_t> rows_of(std::string const& name, std::uint64_t rows, std::uint32_t rank,
                                   std::uint32_t ranks) {
  auto const catalog = make_catalog({{name, {rows, 3}}}, 0);
  auto const layout = partition_model(catalog, {ranks, 1, 1}, rules_of(kGroupedFamily), kConfig);
  auto const shard = shard_layout(layout.parameters.at(0).partition, {rows, 3}, rank, ranks);
  std::vector<std::uint64_t> held(shard.shape[0]);
  for (auto const& piece : shard.pieces) {
    for (std::uint64_t i = 0; i < piece.global.extent[0]; ++i) {
      held.at(piece.local_offset[0] + i) = piece.global.offset[0] + i;
    }
  }
  return held;
}

TEST(Groups, StayWholeOnFewRanks) {
  EXPECT_EQ(rows_of("h.0.qkv", 24, 0, 1).size(), 24U);
  for (std::uint64_t rank = 0; rank < 2; ++rank) {
    std::vector<std::uint64_t> group;
    for (std::uint64_t row = 0; row < 12; ++row) group.push_back(rank * 12 + row);
    EXPECT_EQ(rows_of("h.0.qkv", 24, static_cast<std::uint32_t>(rank), 2), group);
  }
}

TEST(Groups, ShareTheirQueriesOnManyRanks) {
  using Rows = std::vector<std::uint64_t>;
  EXPECT_EQ(rows_of("h.0.qkv", 24, 0, 4), (Rows{0, 1, 2, 3, 8, 9, 10, 11}));
  EXPECT_EQ(rows_of("h.0.qkv", 24, 3, 4), (Rows{16, 17, 18, 19, 20, 21, 22, 23}));
  EXPECT_EQ(rows_of("h.0.qkv", 24, 2, 8), (Rows{4, 5, 8, 9, 10, 11}));
  EXPECT_EQ(rows_of("h.0.qkv", 24, 5, 8), (Rows{14, 15, 20, 21, 22, 23}));
}

TEST(Groups, AreCutTogetherWithTheirScales) {
  // A scale of each row, and of blocks of 2, which end where heads do.
  auto const catalog =
      make_catalog({{"h.0.qkv", {24, 4}}, {"h.0.qkv_scale", {12, 2}}, {"h.0.qkv_zero_point", {24}}}, 0);
  auto const layout = partition_model(catalog, {8, 1, 1}, rules_of(kGroupedFamily), kConfig);
  auto const shard = shard_layout(parameter_of(catalog, layout, "h.0.qkv_scale").partition, {12, 2}, 5, 8);
  EXPECT_EQ(shard.shape, (Shape{3, 2}));
  EXPECT_EQ(shard.pieces.at(0).global, (Box{{7, 0}, {1, 2}}));
  EXPECT_EQ(shard.pieces.at(1).global, (Box{{10, 0}, {2, 2}}));
  // Blocks of 3 do not.
  auto const other = make_catalog({{"h.0.qkv", {24, 4}}, {"h.0.qkv_scale", {8, 1}}}, 0);
  EXPECT_NE(config_error_of([&] { partition_model(other, {4, 1, 1}, rules_of(kGroupedFamily), kConfig); }), "");
}

TEST(Groups, AreRefusedWithTheNumbersOfRanksThatFit) {
  auto const catalog = make_catalog({{"h.0.qkv", {24, 3}}}, 0);
  auto const at = [&](std::uint32_t ranks) {
    return config_error_of([&] { partition_model(catalog, {ranks, 1, 1}, rules_of(kGroupedFamily), kConfig); });
  };
  EXPECT_THAT(at(3), HasSubstr("2 kv_heads and 3 tensor-parallel ranks do not divide one another"));
  EXPECT_THAT(at(12), HasSubstr("4 queries of each of 2 kv_heads do not divide by 6 tensor-parallel ranks"));
  EXPECT_THAT(at(16), HasSubstr("tensor_parallel could be 1, 2, 4, 8"));
  auto const other = make_catalog({{"h.0.qkv", {25, 3}}}, 0);
  EXPECT_THAT(config_error_of([&] {
                partition_model(other, {1, 1, 1}, rules_of(kGroupedFamily), kConfig);
              }),
              HasSubstr("2 kv_heads of 8 + 2 + 2 = 12 elements"));
}

TEST(NumberedHeads, AreOnTheRanksThatHoldThem) {
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(rows_of("h.0.q_norm.5", 2, rank, 4).size(), rank == 2 ? 2U : 0U);
    EXPECT_EQ(rows_of("h.0.k_norm.1", 2, rank, 4).size(), rank >= 2 ? 2U : 0U);
  }
  EXPECT_EQ(rows_of("h.0.q_norm.5", 2, 0, 1).size(), 2U);
  auto const error_of = [](std::string const& name, std::uint64_t rows, std::uint32_t ranks) {
    auto const catalog = make_catalog({{name, {rows}}}, 0);
    return config_error_of([&] { partition_model(catalog, {ranks, 1, 1}, rules_of(kGroupedFamily), kConfig); });
  };
  EXPECT_THAT(error_of("h.0.k_norm.2", 2, 1), HasSubstr("there are only 2 kv_heads"));
  EXPECT_THAT(error_of("h.0.k_norm.1", 3, 1), HasSubstr("asks for 2 elements"));
  EXPECT_THAT(error_of("h.0.q_norm.1", 2, 16), HasSubstr("8 heads do not divide by 16 tensor-parallel ranks"));
}

TEST(NumberedHeads, AreTheNormsOfStableLm) {
  std::string const config =
      R"({"model_type": "stablelm", "vocab_size": 16, "hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 8,
          "num_key_value_heads": 2, "intermediate_size": 16, "qk_layernorm": true})";
  std::string const attention = "model.layers.0.self_attn.";
  std::vector<NamedShape> tensors{{"model.embed_tokens.weight", {16, 64}},
                                  {"lm_head.weight", {16, 64}},
                                  {"model.norm.weight", {64}},
                                  {"model.norm.bias", {64}},
                                  {"model.layers.0.input_layernorm.weight", {64}},
                                  {"model.layers.0.input_layernorm.bias", {64}},
                                  {"model.layers.0.mlp.gate_proj.weight", {16, 64}},
                                  {"model.layers.0.mlp.up_proj.weight", {16, 64}},
                                  {"model.layers.0.mlp.down_proj.weight", {64, 16}},
                                  {attention + "q_proj.weight", {64, 64}},
                                  {attention + "k_proj.weight", {16, 64}},
                                  {attention + "v_proj.weight", {16, 64}},
                                  {attention + "o_proj.weight", {64, 64}}};
  for (int head = 0; head < 8; ++head) {
    tensors.push_back({attention + "q_layernorm.norms." + std::to_string(head) + ".weight", {8}});
    if (head < 2) tensors.push_back({attention + "k_layernorm.norms." + std::to_string(head) + ".weight", {8}});
  }
  auto const catalog = make_catalog(tensors, 0);
  auto const layout = partition_model(catalog, {4, 1, 1}, {"auto", config, default_rule_directories()}, {});
  ASSERT_EQ(layout.parameters.size(), tensors.size());
  auto const held_by = [&](std::string const& norm) {
    std::vector<std::uint32_t> ranks;
    auto const& partition = parameter_of(catalog, layout, attention + norm).partition;
    for (std::uint32_t rank = 0; rank < 4; ++rank) {
      if (shard_layout(partition, {8}, rank, 4).shape == Shape{8}) ranks.push_back(rank);
    }
    return ranks;
  };
  EXPECT_EQ(held_by("q_layernorm.norms.5.weight"), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(held_by("k_layernorm.norms.1.weight"), (std::vector<std::uint32_t>{2, 3}));
}

TEST(Layers, AreNamedInLists) {
  constexpr char const* rules = R"(
flags: {"full[has layer]": false, "whole[has layer + 1]": true}
sizes: {layers: config.layers}
rules:
  - {match: "h.{layer}.q", partition: column_parallel, when: {"full[has layer]": true}}
  - {match: "h.{layer}.q", partition: replicated, when: {"full[has layer]": false}}
  - {match: "h.{layer}.k", partition: column_parallel, when: {"whole[has layer + 1]": false}}
  - {match: "h.{layer}.k", partition: replicated, when: {"whole[has layer + 1]": true}}
)";
  auto const catalog = make_catalog({{"h.{layer}.q", {4}}, {"h.{layer}.k", {4}}}, 3);
  auto const kind = [&](ModelLayout const& layout, std::string const& name) {
    return parameter_of(catalog, layout, name).partition.kind;
  };
  auto const layout =
      partition_model(catalog, {1, 1, 1}, rules_of(rules), R"({"layers": 3, "full": [1], "whole": [1, 2]})");
  EXPECT_EQ(kind(layout, "h.0.q"), PartitionKind::replicated);
  EXPECT_EQ(kind(layout, "h.1.q"), PartitionKind::column_parallel);
  EXPECT_EQ(kind(layout, "h.1.k"), PartitionKind::replicated);
  EXPECT_EQ(kind(layout, "h.2.k"), PartitionKind::column_parallel);
  auto const without = partition_model(catalog, {1, 1, 1}, rules_of(rules), R"({"layers": 3})");
  EXPECT_EQ(kind(without, "h.1.q"), PartitionKind::replicated);
  EXPECT_EQ(kind(without, "h.1.k"), PartitionKind::replicated);
}

TEST(Synonyms, AreAlsoOfSingleValues) {
  constexpr char const* rules = R"(
synonyms: {width: [inner.width, other]}
sizes: {width: config.width}
rules:
  - {match: "w", partition: column_parallel, size: width, stage: all}
)";
  auto const catalog = make_catalog({{"w", {4}}}, 0);
  for (auto const* const config :
       {R"({"width": 4, "inner": {"width": 5}})", R"({"inner": {"width": 4}, "other": 5})", R"({"other": 4})"}) {
    EXPECT_EQ(config_error_of([&] { partition_model(catalog, {1, 1, 1}, rules_of(rules), config); }), "") << config;
  }
}

}  // namespace
}  // namespace distload::testing
