// Families with experts, on real models: mixtral, qwen2_moe, qwen3_moe, deepseek_v2, deepseek_v3; experts apart and in
// one tensor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_shards.hpp"
#include "model_fixture.hpp"
#include "partition/dtype_in_memory.hpp"

namespace distload::testing {
namespace {

using ::testing::HasSubstr;

void append(std::vector<NamedShape>& tensors, std::vector<NamedShape> const& more) {
  tensors.insert(tensors.end(), more.begin(), more.end());
}

std::vector<NamedShape> attention(std::uint64_t hidden, std::uint64_t query, std::uint64_t key_value) {
  std::string const layer = "model.layers.{layer}.self_attn.";
  return {{layer + "q_proj.weight", {query, hidden}},
          {layer + "k_proj.weight", {key_value, hidden}},
          {layer + "v_proj.weight", {key_value, hidden}},
          {layer + "o_proj.weight", {hidden, query}}};
}

TEST(Mixtral, CutsEveryExpertOrAllInOneTensor) {
  std::string const config = R"({"model_type": "mixtral", "vocab_size": 32000, "hidden_size": 4096,
      "num_attention_heads": 32, "num_key_value_heads": 8, "num_hidden_layers": 2, "num_local_experts": 8})";
  auto apart = attention(4096, 4096, 1024);
  append(apart, {{"model.layers.{layer}.block_sparse_moe.gate.weight", {8, 4096}},
                 {"model.layers.{layer}.block_sparse_moe.experts.7.w1.weight", {14336, 4096}},
                 {"model.layers.{layer}.block_sparse_moe.experts.7.w2.weight", {4096, 14336}},
                 {"model.layers.{layer}.block_sparse_moe.experts.7.w3.weight", {14336, 4096}}});
  expect_shards({config, make_catalog(apart, 2)}, 4,
                {{"model.layers.1.block_sparse_moe.gate.weight", kReplicated, {8, 4096}},
                 {"model.layers.1.block_sparse_moe.experts.7.w1.weight", kColumn, {3584, 4096}},
                 {"model.layers.1.block_sparse_moe.experts.7.w2.weight", kRow, {4096, 3584}},
                 {"model.layers.1.block_sparse_moe.experts.7.w3.weight", kColumn, {3584, 4096}}});

  auto together = attention(4096, 4096, 1024);
  append(together, {{"model.layers.{layer}.mlp.gate.weight", {8, 4096}},
                    {"model.layers.{layer}.mlp.experts.gate_up_proj", {8, 28672, 4096}},
                    {"model.layers.{layer}.mlp.experts.down_proj", {8, 4096, 14336}}});
  RealModel const fused{config, make_catalog(together, 2)};
  expect_shards(fused, 4,
                {{"model.layers.1.mlp.experts.gate_up_proj", kColumn, {8, 7168, 4096}},
                 {"model.layers.1.mlp.experts.down_proj", kRow, {8, 4096, 3584}}});
  auto const layout = layout_of(fused, {4, 1, 1});
  auto const& partition = parameter_of(fused.catalog, layout, "model.layers.0.mlp.experts.gate_up_proj").partition;
  auto const pieces = shard_layout(partition, {8, 28672, 4096}, 1, 4).pieces;
  ASSERT_EQ(pieces.size(), 2U) << "gate and up are cut one by one";
  EXPECT_EQ(pieces[0].global, (Box{{0, 3584, 0}, {8, 3584, 4096}}));
  EXPECT_EQ(pieces[1].global, (Box{{0, 17920, 0}, {8, 3584, 4096}}));
  EXPECT_EQ(pieces[1].local_offset, (Dims{0, 3584, 0}));
}

TEST(Qwen2Moe, CutsTheSharedExpertAndReplicatesItsGate) {
  auto tensors = attention(2048, 2048, 2048);
  append(tensors, {{"model.layers.{layer}.self_attn.q_proj.bias", {2048}},
                   {"model.layers.{layer}.mlp.gate.weight", {60, 2048}},
                   {"model.layers.{layer}.mlp.experts.59.gate_proj.weight", {1408, 2048}},
                   {"model.layers.{layer}.mlp.experts.59.down_proj.weight", {2048, 1408}},
                   {"model.layers.{layer}.mlp.shared_expert.up_proj.weight", {5632, 2048}},
                   {"model.layers.{layer}.mlp.shared_expert.down_proj.weight", {2048, 5632}},
                   {"model.layers.{layer}.mlp.shared_expert_gate.weight", {1, 2048}}});
  RealModel const model{R"({"model_type": "qwen2_moe", "vocab_size": 151936, "hidden_size": 2048,
                            "num_attention_heads": 16, "num_key_value_heads": 16, "num_hidden_layers": 2})",
                        make_catalog(tensors, 2)};
  expect_shards(model, 4,
                {{"model.layers.0.self_attn.q_proj.bias", kColumn, {512}},
                 {"model.layers.0.mlp.gate.weight", kReplicated, {60, 2048}},
                 {"model.layers.0.mlp.experts.59.gate_proj.weight", kColumn, {352, 2048}},
                 {"model.layers.0.mlp.experts.59.down_proj.weight", kRow, {2048, 352}},
                 {"model.layers.0.mlp.shared_expert.up_proj.weight", kColumn, {1408, 2048}},
                 {"model.layers.0.mlp.shared_expert.down_proj.weight", kRow, {2048, 1408}},
                 {"model.layers.0.mlp.shared_expert_gate.weight", kReplicated, {1, 2048}}});
}

TEST(Qwen3Moe, CutsHeadsOfTheirOwnSizeAndExperts) {
  auto tensors = attention(2048, 4096, 512);
  append(tensors, {{"model.layers.{layer}.self_attn.k_norm.weight", {128}},
                   {"model.layers.{layer}.mlp.gate.weight", {128, 2048}},
                   {"model.layers.{layer}.mlp.experts.127.up_proj.weight", {768, 2048}},
                   {"model.layers.{layer}.mlp.experts.127.down_proj.weight", {2048, 768}}});
  RealModel const model{R"({"model_type": "qwen3_moe", "vocab_size": 151936, "hidden_size": 2048, "head_dim": 128,
                            "num_attention_heads": 32, "num_key_value_heads": 4, "num_hidden_layers": 2})",
                        make_catalog(tensors, 2)};
  expect_shards(model, 8,
                {{"model.layers.0.self_attn.q_proj.weight", kColumn, {512, 2048}},
                 {"model.layers.0.self_attn.k_proj.weight", kColumn, {128, 2048}},
                 {"model.layers.0.self_attn.k_norm.weight", kReplicated, {128}},
                 {"model.layers.0.mlp.experts.127.up_proj.weight", kColumn, {96, 2048}},
                 {"model.layers.0.mlp.experts.127.down_proj.weight", kRow, {2048, 96}}});
}

TEST(DeepSeekV2, CutsLatentAttentionByWholeHeads) {
  RealModel const model{
      R"({"model_type": "deepseek_v2", "vocab_size": 102400, "hidden_size": 5120, "num_attention_heads": 128,
          "num_hidden_layers": 2, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128})",
      make_catalog({{"model.layers.{layer}.self_attn.q_a_proj.weight", {1536, 5120}},
                    {"model.layers.{layer}.self_attn.q_a_layernorm.weight", {1536}},
                    {"model.layers.{layer}.self_attn.q_b_proj.weight", {24576, 1536}},
                    {"model.layers.{layer}.self_attn.kv_a_proj_with_mqa.weight", {576, 5120}},
                    {"model.layers.{layer}.self_attn.kv_a_layernorm.weight", {512}},
                    {"model.layers.{layer}.self_attn.kv_b_proj.weight", {32768, 512}},
                    {"model.layers.{layer}.self_attn.o_proj.weight", {5120, 16384}},
                    {"model.layers.0.mlp.gate_proj.weight", {12288, 5120}},
                    {"model.layers.1.mlp.gate.weight", {160, 5120}},
                    {"model.layers.1.mlp.experts.159.down_proj.weight", {5120, 1536}},
                    {"model.layers.1.mlp.shared_experts.gate_proj.weight", {3072, 5120}},
                    {"model.layers.1.mlp.shared_experts.down_proj.weight", {5120, 3072}}},
                   2)};
  expect_shards(model, 16,
                {{"model.layers.0.self_attn.q_a_proj.weight", kReplicated, {1536, 5120}},
                 {"model.layers.0.self_attn.q_b_proj.weight", kColumn, {1536, 1536}},
                 {"model.layers.0.self_attn.kv_a_proj_with_mqa.weight", kReplicated, {576, 5120}},
                 {"model.layers.0.self_attn.kv_b_proj.weight", kColumn, {2048, 512}},
                 {"model.layers.0.self_attn.o_proj.weight", kRow, {5120, 1024}},
                 {"model.layers.0.mlp.gate_proj.weight", kColumn, {768, 5120}},
                 {"model.layers.1.mlp.gate.weight", kReplicated, {160, 5120}},
                 {"model.layers.1.mlp.experts.159.down_proj.weight", kRow, {5120, 96}},
                 {"model.layers.1.mlp.shared_experts.gate_proj.weight", kColumn, {192, 5120}},
                 {"model.layers.1.mlp.shared_experts.down_proj.weight", kRow, {5120, 192}}});
  EXPECT_THAT(config_error_of([&] {
                layout_of(model, {3, 1, 1});
              }),
              ::testing::ContainsRegex("128 heads \\([a-z_]+\\) do not divide by 3"));
}

TEST(DeepSeekV3, PutsTheLayerThatPredictsFurtherOnTheLastStage) {
  std::string const extra = "model.layers.61.";
  std::string const config =
      R"({"model_type": "deepseek_v3", "vocab_size": 129280, "hidden_size": 7168, "num_attention_heads": 128,
          "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "num_hidden_layers": 61)";
  auto const catalog = make_catalog({{"model.embed_tokens.weight", {129280, 7168}},
                                     {"model.layers.{layer}.self_attn.q_b_proj.weight", {24576, 1536}},
                                     {"model.layers.{layer}.self_attn.kv_b_proj.weight", {32768, 512}},
                                     {"model.layers.60.mlp.gate.weight", {256, 7168}},
                                     {"model.layers.60.mlp.gate.e_score_correction_bias", {256}},
                                     {"model.layers.60.mlp.experts.255.up_proj.weight", {2048, 7168}},
                                     {extra + "embed_tokens.weight", {129280, 7168}},
                                     {extra + "enorm.weight", {7168}},
                                     {extra + "hnorm.weight", {7168}},
                                     {extra + "eh_proj.weight", {7168, 14336}},
                                     {extra + "mlp.experts.0.down_proj.weight", {7168, 2048}},
                                     {extra + "shared_head.norm.weight", {7168}},
                                     {extra + "shared_head.head.weight", {129280, 7168}},
                                     {"lm_head.weight", {129280, 7168}}},
                                    62);
  RealModel const model{config + R"(, "num_nextn_predict_layers": 1})", catalog};
  expect_shards(model, 16,
                {{"model.layers.61.self_attn.q_b_proj.weight", kColumn, {1536, 1536}},
                 {"model.layers.60.mlp.gate.e_score_correction_bias", kReplicated, {256}},
                 {"model.layers.60.mlp.experts.255.up_proj.weight", kColumn, {128, 7168}},
                 {"model.layers.61.embed_tokens.weight", kVocab, {8080, 7168}},
                 {"model.layers.61.enorm.weight", kReplicated, {7168}},
                 {"model.layers.61.eh_proj.weight", kReplicated, {7168, 14336}},
                 {"model.layers.61.mlp.experts.0.down_proj.weight", kRow, {7168, 128}},
                 {"model.layers.61.shared_head.norm.weight", kReplicated, {7168}},
                 {"model.layers.61.shared_head.head.weight", kVocab, {8080, 7168}}});
  auto const layout = layout_of(model, {1, 8, 1});
  EXPECT_EQ(layout.family, "deepseek_v3");
  auto const stage = [&](std::string const& name) { return parameter_of(catalog, layout, name).stages.at(0); };
  EXPECT_EQ(stage("model.layers.39.self_attn.kv_b_proj.weight"), 4U) << "five stages of 8 layers";
  EXPECT_EQ(stage("model.layers.53.self_attn.kv_b_proj.weight"), 6U) << "three of 7";
  EXPECT_EQ(stage("model.layers.60.self_attn.kv_b_proj.weight"), 7U);
  EXPECT_EQ(stage("model.layers.61.self_attn.kv_b_proj.weight"), 7U);
  EXPECT_EQ(stage("model.layers.61.embed_tokens.weight"), 7U);
  EXPECT_THAT(parameter_of(catalog, layout, "lm_head.weight").rule, HasSubstr("deepseek_v2.yaml:"));
  EXPECT_THAT(parameter_of(catalog, layout, extra + "eh_proj.weight").rule, HasSubstr("deepseek_v3.yaml:"));
  for (auto const* const none : {"}", ", \"num_nextn_predict_layers\": 0}"}) {
    EXPECT_THAT(config_error_of([&] { layout_of({config + none, catalog}, {1, 8, 1}); }), HasSubstr("only 61 layers"));
  }
}

TEST(Experts, KeepFloat32Routers) {
  struct Case {
    char const* config;
    NamedShape router;
    DType stored;
    DType in_memory;
  };
  auto const* const mixtral = R"({"model_type": "mixtral", "hidden_size": 8, "num_local_experts": 4,
      "num_attention_heads": 2, "num_hidden_layers": 1})";
  auto const* const qwen = R"({"model_type": "qwen3_moe", "hidden_size": 8, "num_experts": 4,
      "num_attention_heads": 2, "num_hidden_layers": 1})";
  auto const* const deepseek = R"({"model_type": "deepseek_v3", "hidden_size": 8, "n_routed_experts": 4,
      "num_attention_heads": 2, "num_hidden_layers": 1})";
  std::string const gate = "model.layers.0.mlp.gate.weight";
  Case const cases[]{
      {mixtral, {"model.layers.0.block_sparse_moe.gate.weight", {4, 8}}, DType::f32, DType::f32},
      {mixtral, {"model.layers.0.block_sparse_moe.gate.weight", {4, 8}}, DType::bf16, DType::f16},
      {qwen, {gate, {4, 8}}, DType::f32, DType::f32},
      {deepseek, {gate, {4, 8}}, DType::f32, DType::f32},
      {deepseek, {"model.layers.0.mlp.gate.e_score_correction_bias", {4}}, DType::f32, DType::f32},
      {deepseek, {"model.layers.0.mlp.gate.e_score_correction_bias", {4}}, DType::bf16, DType::bf16},
      {deepseek, {"model.layers.0.input_layernorm.weight", {8}}, DType::f32, DType::f16},
  };
  for (auto const& [config, router, stored, in_memory] : cases) {
    RealModel model{config, make_catalog({router}, 1)};
    model.catalog.tensors[0].dtype = stored;
    auto const layout = layout_of(model, {});
    EXPECT_EQ(dtype_in_memory(layout.parameters.at(0), stored, DType::f16), in_memory) << config << router.first;
  }
}

}  // namespace
}  // namespace distload::testing
