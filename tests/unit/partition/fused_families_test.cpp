// Families that store several matrices as one, on real models: phi3, gpt2, gpt_neox, bloom, falcon; and opt, roberta,
// gemma.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_shards.hpp"
#include "model_fixture.hpp"

namespace distload::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using Pieces = std::vector<Piece>;

/// The pieces of one rank's shard.
Pieces pieces_of(RealModel const& model, std::string const& name, Shape const& shape, std::uint32_t rank,
                 std::uint32_t ranks) {
  auto const layout = layout_of(model, {ranks, 1, 1});
  return shard_layout(parameter_of(model.catalog, layout, name).partition, shape, rank, ranks).pieces;
}

RealModel phi_3_small_vocabulary(std::uint64_t kv_heads) {
  auto const rows = (32 + 2 * kv_heads) * 96;
  return {R"({"model_type": "phi3", "vocab_size": 32064, "hidden_size": 3072, "num_attention_heads": 32,
              "num_hidden_layers": 2, "num_key_value_heads": )" +
              std::to_string(kv_heads) + "}",
          make_catalog({{"model.embed_tokens.weight", {32064, 3072}},
                        {"model.layers.{layer}.self_attn.qkv_proj.weight", {rows, 3072}},
                        {"model.layers.{layer}.self_attn.o_proj.weight", {3072, 3072}},
                        {"model.layers.{layer}.mlp.gate_up_proj.weight", {16384, 3072}},
                        {"model.layers.{layer}.mlp.down_proj.weight", {3072, 8192}},
                        {"model.layers.{layer}.input_layernorm.weight", {3072}},
                        {"model.layers.{layer}.post_attention_layernorm.weight", {3072}},
                        {"model.norm.weight", {3072}},
                        {"lm_head.weight", {32064, 3072}}},
                       2)};
}

TEST(Phi3, CutsQueryKeyAndValueOneByOne) {
  auto const model = phi_3_small_vocabulary(8);
  expect_shards(model, 4,
                {{"model.embed_tokens.weight", kVocab, {8016, 3072}},
                 {"model.layers.1.self_attn.qkv_proj.weight", kColumn, {12 * 96, 3072}},
                 {"model.layers.1.self_attn.o_proj.weight", kRow, {3072, 768}},
                 {"model.layers.1.mlp.gate_up_proj.weight", kColumn, {4096, 3072}},
                 {"model.layers.1.mlp.down_proj.weight", kRow, {3072, 2048}},
                 {"lm_head.weight", kVocab, {8016, 3072}}});
  Shape const shape{48 * 96, 3072};
  EXPECT_EQ(pieces_of(model, "model.layers.0.self_attn.qkv_proj.weight", shape, 1, 4),
            (Pieces{{{{8 * 96, 0}, {8 * 96, 3072}}, {0, 0}},
                    {{{34 * 96, 0}, {2 * 96, 3072}}, {8 * 96, 0}},
                    {{{42 * 96, 0}, {2 * 96, 3072}}, {10 * 96, 0}}}));
}

TEST(Phi3, GivesAKeyHeadToSeveralRanksInsideTheFusedWeight) {
  auto const model = phi_3_small_vocabulary(2);
  Shape const shape{36 * 96, 3072};
  EXPECT_EQ(pieces_of(model, "model.layers.0.self_attn.qkv_proj.weight", shape, 1, 4),
            (Pieces{{{{8 * 96, 0}, {8 * 96, 3072}}, {0, 0}},
                    {{{32 * 96, 0}, {96, 3072}}, {8 * 96, 0}},
                    {{{34 * 96, 0}, {96, 3072}}, {9 * 96, 0}}}));
  EXPECT_THAT(config_error_of([&] {
                layout_of(model, {3, 1, 1});
              }),
              ::testing::ContainsRegex("32 heads \\([a-z_]+\\) do not divide by 3"));
}

TEST(Gpt2, CutsConv1DWeightsOnTheOtherAxis) {
  RealModel const model{R"({"model_type": "gpt2", "vocab_size": 50257, "n_embd": 768, "n_head": 12, "n_layer": 12})",
                        make_catalog({{"transformer.wte.weight", {50257, 768}},
                                      {"transformer.wpe.weight", {1024, 768}},
                                      {"transformer.h.{layer}.ln_1.weight", {768}},
                                      {"transformer.h.{layer}.attn.bias", {1, 1, 1024, 1024}},
                                      {"transformer.h.{layer}.attn.c_attn.weight", {768, 2304}},
                                      {"transformer.h.{layer}.attn.c_attn.bias", {2304}},
                                      {"transformer.h.{layer}.attn.c_proj.weight", {768, 768}},
                                      {"transformer.h.{layer}.attn.c_proj.bias", {768}},
                                      {"transformer.h.{layer}.mlp.c_fc.weight", {768, 3072}},
                                      {"transformer.h.{layer}.mlp.c_fc.bias", {3072}},
                                      {"transformer.h.{layer}.mlp.c_proj.weight", {3072, 768}},
                                      {"transformer.ln_f.bias", {768}}},
                                     12)};
  expect_shards(model, 4,
                {{"transformer.wte.weight", kVocab, {12565, 768}},
                 {"transformer.wpe.weight", kReplicated, {1024, 768}},
                 {"transformer.h.0.attn.c_attn.weight", kColumn, {768, 576}},
                 {"transformer.h.0.attn.c_attn.bias", kColumn, {576}},
                 {"transformer.h.0.attn.c_proj.weight", kRow, {192, 768}},
                 {"transformer.h.0.attn.c_proj.bias", kReplicated, {768}},
                 {"transformer.h.0.attn.bias", kReplicated, {1, 1, 1024, 1024}},
                 {"transformer.h.0.mlp.c_fc.weight", kColumn, {768, 768}},
                 {"transformer.h.0.mlp.c_fc.bias", kColumn, {768}},
                 {"transformer.h.0.mlp.c_proj.weight", kRow, {768, 768}}});
  EXPECT_EQ(
      pieces_of(model, "transformer.h.0.attn.c_attn.weight", {768, 2304}, 3, 4),
      (Pieces{
          {{{0, 576}, {768, 192}}, {0, 0}}, {{{0, 1344}, {768, 192}}, {0, 192}}, {{{0, 2112}, {768, 192}}, {0, 384}}}));
  ASSERT_EQ(layout_of(model, {1, 1, 1}).aliases.size(), 1U);
  EXPECT_THAT(config_error_of([&] {
                layout_of(model, {5, 1, 1});
              }),
              ::testing::ContainsRegex("12 heads \\([a-z_]+\\) do not divide by 5"));
}

TEST(GptNeox, KeepsQueryKeyAndValueOfAHeadTogether) {
  RealModel const model{
      R"({"model_type": "gpt_neox", "vocab_size": 50432, "hidden_size": 6144, "num_attention_heads": 64,
          "num_hidden_layers": 2})",
      make_catalog({{"gpt_neox.embed_in.weight", {50432, 6144}},
                    {"gpt_neox.layers.{layer}.attention.query_key_value.weight", {18432, 6144}},
                    {"gpt_neox.layers.{layer}.attention.query_key_value.bias", {18432}},
                    {"gpt_neox.layers.{layer}.attention.dense.weight", {6144, 6144}},
                    {"gpt_neox.layers.{layer}.attention.dense.bias", {6144}},
                    {"gpt_neox.layers.{layer}.attention.rotary_emb.inv_freq", {12}},
                    {"gpt_neox.layers.{layer}.mlp.dense_h_to_4h.bias", {24576}},
                    {"gpt_neox.layers.{layer}.mlp.dense_4h_to_h.weight", {6144, 24576}},
                    {"gpt_neox.final_layer_norm.weight", {6144}},
                    {"embed_out.weight", {50432, 6144}}},
                   2)};
  expect_shards(model, 8,
                {{"gpt_neox.embed_in.weight", kVocab, {6304, 6144}},
                 {"gpt_neox.layers.0.attention.query_key_value.weight", kColumn, {2304, 6144}},
                 {"gpt_neox.layers.0.attention.query_key_value.bias", kColumn, {2304}},
                 {"gpt_neox.layers.0.attention.dense.weight", kRow, {6144, 768}},
                 {"gpt_neox.layers.0.mlp.dense_h_to_4h.bias", kColumn, {3072}},
                 {"gpt_neox.layers.0.mlp.dense_4h_to_h.weight", kRow, {6144, 3072}},
                 {"embed_out.weight", kVocab, {6304, 6144}}});
  // Eight whole heads of three times 96 rows.
  EXPECT_EQ(pieces_of(model, "gpt_neox.layers.0.attention.query_key_value.bias", {18432}, 1, 8),
            (Pieces{{{{2304}, {2304}}, {0}}}));
  EXPECT_THAT(config_error_of([&] {
                layout_of(model, {128, 1, 1});
              }),
              ::testing::ContainsRegex("64 heads \\([a-z_]+\\) do not divide by 128"));
}

TEST(Bloom, CutsBloom560M) {
  for (std::string const prefix : {"", "transformer."}) {
    RealModel const model{R"({"model_type": "bloom", "vocab_size": 250880, "n_embed": 1024, "n_layer": 2,
                              "num_attention_heads": 16})",
                          make_catalog({{prefix + "word_embeddings.weight", {250880, 1024}},
                                        {prefix + "word_embeddings_layernorm.bias", {1024}},
                                        {prefix + "h.{layer}.self_attention.query_key_value.weight", {3072, 1024}},
                                        {prefix + "h.{layer}.self_attention.dense.weight", {1024, 1024}},
                                        {prefix + "h.{layer}.mlp.dense_h_to_4h.weight", {4096, 1024}},
                                        {prefix + "h.{layer}.mlp.dense_4h_to_h.bias", {1024}},
                                        {prefix + "ln_f.weight", {1024}}},
                                       2)};
    expect_shards(model, 4,
                  {{(prefix + "word_embeddings.weight").c_str(), kVocab, {62720, 1024}},
                   {(prefix + "h.1.self_attention.query_key_value.weight").c_str(), kColumn, {768, 1024}},
                   {(prefix + "h.1.self_attention.dense.weight").c_str(), kRow, {1024, 256}},
                   {(prefix + "h.1.mlp.dense_h_to_4h.weight").c_str(), kColumn, {1024, 1024}},
                   {(prefix + "h.1.mlp.dense_4h_to_h.bias").c_str(), kReplicated, {1024}}});
  }
}

/// Two layers of a Falcon.
RealModel falcon(std::string const& config, std::uint64_t vocabulary, std::uint64_t hidden, std::uint64_t fused,
                 std::vector<NamedShape> more) {
  std::string const layer = "transformer.h.{layer}.";
  more.insert(more.end(), {{"transformer.word_embeddings.weight", {vocabulary, hidden}},
                           {layer + "self_attention.query_key_value.weight", {fused, hidden}},
                           {layer + "self_attention.dense.weight", {hidden, hidden}},
                           {layer + "mlp.dense_h_to_4h.weight", {4 * hidden, hidden}},
                           {layer + "mlp.dense_4h_to_h.weight", {hidden, 4 * hidden}},
                           {"transformer.ln_f.weight", {hidden}},
                           {"lm_head.weight", {vocabulary, hidden}}});
  return {R"({"model_type": "falcon", "num_hidden_layers": 2, "vocab_size": )" + std::to_string(vocabulary) +
              ", \"hidden_size\": " + std::to_string(hidden) + ", " + config + "}",
          make_catalog(more, 2)};
}

TEST(Falcon, GivesTheOnlyKeyAndValueOf7BToAllRanks) {
  // 71 is prime.
  auto const model = falcon(R"("num_attention_heads": 71, "num_kv_heads": 71, "multi_query": true,
                               "new_decoder_architecture": false, "bias": false)",
                            65024, 4544, 73 * 64, {{"transformer.h.{layer}.input_layernorm.bias", {4544}}});
  std::string const fused = "transformer.h.1.self_attention.query_key_value.weight";
  expect_shards(model, 71,
                {{fused.c_str(), kColumn, {3 * 64, 4544}},
                 {"transformer.h.1.self_attention.dense.weight", kRow, {4544, 64}},
                 {"transformer.h.1.mlp.dense_h_to_4h.weight", kColumn, {256, 4544}},
                 {"transformer.h.1.input_layernorm.bias", kReplicated, {4544}}});
  EXPECT_EQ(pieces_of(model, fused, {73 * 64, 4544}, 5, 71),
            (Pieces{{{{5 * 64, 0}, {64, 4544}}, {0, 0}}, {{{71 * 64, 0}, {2 * 64, 4544}}, {64, 0}}}))
      << "key and value follow each other in the file, too";
  EXPECT_THAT(config_error_of([&] {
                layout_of(model, {2, 1, 1});
              }),
              AllOf(::testing::ContainsRegex("71 heads \\([a-z_]+\\) do not divide by 2"),
                    EndsWith("tensor_parallel could be 1")));
  EXPECT_EQ(layout_of(model, {1, 1, 1}).aliases.size(), 1U) << "tied, and stored";
}

TEST(Falcon, CutsTheGroupsOf40BOnlyOnManyRanks) {
  auto const model = falcon(
      R"("num_attention_heads": 128, "num_kv_heads": 8, "new_decoder_architecture": true)", 65024, 8192, 18 * 8 * 64,
      {{"transformer.h.{layer}.ln_attn.weight", {8192}}, {"transformer.h.{layer}.ln_mlp.bias", {8192}}});
  std::string const fused = "transformer.h.0.self_attention.query_key_value.weight";
  expect_shards(model, 4,
                {{"transformer.word_embeddings.weight", kVocab, {16256, 8192}},
                 {fused.c_str(), kColumn, {2 * 18 * 64, 8192}},
                 {"transformer.h.0.self_attention.dense.weight", kRow, {8192, 2048}},
                 {"transformer.h.0.mlp.dense_4h_to_h.weight", kRow, {8192, 8192}},
                 {"transformer.h.0.ln_attn.weight", kReplicated, {8192}}});
  EXPECT_EQ(pieces_of(model, fused, {18 * 8 * 64, 8192}, 1, 4),
            (Pieces{{{{2 * 18 * 64, 0}, {2 * 18 * 64, 8192}}, {0, 0}}}));
  // Two ranks share a group: half of its queries, then the key and the value.
  EXPECT_EQ(pieces_of(model, fused, {18 * 8 * 64, 8192}, 0, 16),
            (Pieces{{{{0, 0}, {8 * 64, 8192}}, {0, 0}}, {{{16 * 64, 0}, {2 * 64, 8192}}, {8 * 64, 0}}}));
  EXPECT_EQ(pieces_of(model, fused, {18 * 8 * 64, 8192}, 1, 16), (Pieces{{{{8 * 64, 0}, {10 * 64, 8192}}, {0, 0}}}));
  EXPECT_THAT(
      config_error_of([&] {
        layout_of(model, {12, 1, 1});
      }),
      ::testing::ContainsRegex("8 kv_heads \\([a-z_]+\\) and 12 tensor-parallel ranks do not divide one another"));
}

TEST(Falcon, CutsRw1BByItsHeads) {
  auto const model = falcon(R"("num_attention_heads": 32, "num_kv_heads": null, "multi_query": false,
                               "new_decoder_architecture": false, "bias": true, "alibi": true)",
                            50304, 2048, 6144,
                            {{"transformer.h.{layer}.self_attention.query_key_value.bias", {6144}},
                             {"transformer.h.{layer}.self_attention.dense.bias", {2048}},
                             {"transformer.h.{layer}.mlp.dense_h_to_4h.bias", {8192}},
                             {"transformer.h.{layer}.post_attention_layernorm.weight", {2048}}});
  expect_shards(model, 8,
                {{"transformer.h.0.self_attention.query_key_value.bias", kColumn, {768}},
                 {"transformer.h.0.self_attention.dense.bias", kReplicated, {2048}},
                 {"transformer.h.0.mlp.dense_h_to_4h.bias", kColumn, {1024}},
                 {"transformer.h.0.post_attention_layernorm.weight", kReplicated, {2048}}});
  EXPECT_EQ(pieces_of(model, "transformer.h.0.self_attention.query_key_value.bias", {6144}, 3, 8),
            (Pieces{{{{3 * 768}, {768}}, {0}}}));
}

TEST(Opt, CutsOpt350MWithItsProjections) {
  RealModel const model{R"({"model_type": "opt", "vocab_size": 50272, "hidden_size": 1024, "num_attention_heads": 16,
                            "num_hidden_layers": 2, "word_embed_proj_dim": 512})",
                        make_catalog({{"model.decoder.embed_tokens.weight", {50272, 512}},
                                      {"model.decoder.embed_positions.weight", {2050, 1024}},
                                      {"model.decoder.project_in.weight", {1024, 512}},
                                      {"model.decoder.project_out.weight", {512, 1024}},
                                      {"model.decoder.layers.{layer}.self_attn.v_proj.bias", {1024}},
                                      {"model.decoder.layers.{layer}.self_attn.out_proj.weight", {1024, 1024}},
                                      {"model.decoder.layers.{layer}.self_attn.out_proj.bias", {1024}},
                                      {"model.decoder.layers.{layer}.fc1.weight", {4096, 1024}},
                                      {"model.decoder.layers.{layer}.fc2.weight", {1024, 4096}},
                                      {"model.decoder.layers.{layer}.final_layer_norm.weight", {1024}}},
                                     2)};
  expect_shards(model, 8,
                {{"model.decoder.embed_tokens.weight", kVocab, {6284, 512}},
                 {"model.decoder.embed_positions.weight", kReplicated, {2050, 1024}},
                 {"model.decoder.project_in.weight", kReplicated, {1024, 512}},
                 {"model.decoder.layers.0.self_attn.v_proj.bias", kColumn, {128}},
                 {"model.decoder.layers.0.self_attn.out_proj.weight", kRow, {1024, 128}},
                 {"model.decoder.layers.0.self_attn.out_proj.bias", kReplicated, {1024}},
                 {"model.decoder.layers.0.fc1.weight", kColumn, {512, 1024}},
                 {"model.decoder.layers.0.fc2.weight", kRow, {1024, 512}}});
  EXPECT_EQ(layout_of(model, {1, 1, 1}).aliases.size(), 1U);
}

TEST(Roberta, TiesItsDecoder) {
  RealModel const model{R"({"model_type": "xlm-roberta", "vocab_size": 50265, "hidden_size": 768,
                            "num_attention_heads": 12, "num_hidden_layers": 2})",
                        make_catalog({{"roberta.embeddings.word_embeddings.weight", {50265, 768}},
                                      {"roberta.embeddings.position_ids", {1, 514}},
                                      {"roberta.encoder.layer.{layer}.attention.self.key.weight", {768, 768}},
                                      {"roberta.encoder.layer.{layer}.attention.output.dense.weight", {768, 768}},
                                      {"roberta.encoder.layer.{layer}.output.dense.weight", {768, 3072}},
                                      {"lm_head.dense.weight", {768, 768}},
                                      {"lm_head.bias", {50265}},
                                      {"lm_head.layer_norm.weight", {768}}},
                                     2)};
  expect_shards(model, 3,
                {{"roberta.embeddings.word_embeddings.weight", kVocab, {16755, 768}},
                 {"roberta.encoder.layer.1.attention.self.key.weight", kColumn, {256, 768}},
                 {"roberta.encoder.layer.1.attention.output.dense.weight", kRow, {768, 256}},
                 {"roberta.encoder.layer.1.output.dense.weight", kRow, {768, 1024}},
                 {"lm_head.bias", kVocab, {16755}},
                 {"lm_head.dense.weight", kReplicated, {768, 768}}});
  EXPECT_EQ(layout_of(model, {1, 1, 1}).aliases.size(), 2U);
}

TEST(Gemma, ReplicatesAllItsNorms) {
  for (auto const* const type : {"gemma2", "gemma3_text"}) {
    std::vector<NamedShape> tensors{{"model.embed_tokens.weight", {256000, 2304}},
                                    {"model.layers.{layer}.self_attn.q_proj.weight", {2048, 2304}},
                                    {"model.layers.{layer}.self_attn.k_proj.weight", {1024, 2304}},
                                    {"model.layers.{layer}.self_attn.o_proj.weight", {2304, 2048}},
                                    {"model.layers.{layer}.mlp.down_proj.weight", {2304, 9216}},
                                    {"model.layers.{layer}.pre_feedforward_layernorm.weight", {2304}},
                                    {"model.layers.{layer}.post_feedforward_layernorm.weight", {2304}}};
    if (std::string(type) == "gemma3_text") tensors.push_back({"model.layers.{layer}.self_attn.q_norm.weight", {256}});
    RealModel const model{R"({"vocab_size": 256000, "hidden_size": 2304, "num_attention_heads": 8, "head_dim": 256,
                              "num_key_value_heads": 4, "num_hidden_layers": 2, "model_type": ")" +
                              std::string(type) + "\"}",
                          make_catalog(tensors, 2)};
    expect_shards(model, 8,
                  {{"model.embed_tokens.weight", kVocab, {32000, 2304}},
                   {"model.layers.0.self_attn.q_proj.weight", kColumn, {256, 2304}},
                   {"model.layers.0.self_attn.k_proj.weight", kColumn, {256, 2304}},
                   {"model.layers.0.self_attn.o_proj.weight", kRow, {2304, 256}},
                   {"model.layers.0.mlp.down_proj.weight", kRow, {2304, 1152}},
                   {"model.layers.0.post_feedforward_layernorm.weight", kReplicated, {2304}}});
    EXPECT_EQ(layout_of(model, {1, 1, 1}).aliases.size(), 1U) << "tied unless config.json says otherwise";
  }
}

}  // namespace
}  // namespace distload::testing
