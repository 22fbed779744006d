// Families of two models in one, on real models: t5 (encoder and decoder), gemma3 (images and text).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_shards.hpp"
#include "model_fixture.hpp"

namespace distload::testing {
namespace {

using ::testing::HasSubstr;
using Stages = std::vector<std::uint32_t>;

struct T5 {
  std::uint64_t vocabulary;
  std::uint64_t hidden;
  std::uint64_t inner;  ///< heads x head_dim
  std::uint64_t heads;
  std::uint64_t intermediate;
  std::vector<std::string> wi;  ///< names of what comes before the activation
  std::uint32_t layers;         ///< of the encoder, and of the decoder
};

std::vector<NamedShape> tensors_of(T5 const& t5) {
  std::vector<NamedShape> tensors{{"shared.weight", {t5.vocabulary, t5.hidden}}};
  for (std::string const stack : {"encoder", "decoder"}) {
    std::string const layer = stack + ".block.{layer}.layer.";
    std::vector<std::string> attentions{layer + "0.SelfAttention."};
    if (stack == "decoder") attentions.push_back(layer + "1.EncDecAttention.");
    for (auto const& attention : attentions) {
      for (auto const* name : {"q", "k", "v"}) tensors.push_back({attention + name + ".weight", {t5.inner, t5.hidden}});
      tensors.push_back({attention + "o.weight", {t5.hidden, t5.inner}});
    }
    auto const mlp = layer + std::to_string(attentions.size()) + ".DenseReluDense.";
    for (auto const& wi : t5.wi) tensors.push_back({mlp + wi + ".weight", {t5.intermediate, t5.hidden}});
    tensors.push_back({mlp + "wo.weight", {t5.hidden, t5.intermediate}});
    for (std::size_t i = 0; i <= attentions.size(); ++i) {
      tensors.push_back({layer + std::to_string(i) + ".layer_norm.weight", {t5.hidden}});
    }
    tensors.push_back({stack + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight", {32, t5.heads}});
    tensors.push_back({stack + ".final_layer_norm.weight", {t5.hidden}});
  }
  return tensors;
}

RealModel t5_small(std::vector<NamedShape> const& more = {}) {
  auto tensors = tensors_of({32128, 512, 512, 8, 2048, {"wi"}, 6});
  tensors.insert(tensors.end(), more.begin(), more.end());
  return {R"({"model_type": "t5", "vocab_size": 32128, "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_heads": 8,
              "num_layers": 6})",
          make_catalog(tensors, 6)};
}

TEST(T5, CutsT5Small) {
  expect_shards(t5_small(), 4,
                {{"shared.weight", kVocab, {8032, 512}},
                 {"encoder.block.5.layer.0.SelfAttention.q.weight", kColumn, {128, 512}},
                 {"encoder.block.5.layer.0.SelfAttention.o.weight", kRow, {512, 128}},
                 {"encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", kColumn, {32, 2}},
                 {"encoder.block.5.layer.1.DenseReluDense.wi.weight", kColumn, {512, 512}},
                 {"encoder.block.5.layer.1.DenseReluDense.wo.weight", kRow, {512, 512}},
                 {"encoder.block.5.layer.1.layer_norm.weight", kReplicated, {512}},
                 {"decoder.block.5.layer.1.EncDecAttention.k.weight", kColumn, {128, 512}},
                 {"decoder.block.5.layer.1.EncDecAttention.o.weight", kRow, {512, 128}},
                 {"decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", kColumn, {32, 2}},
                 {"decoder.block.5.layer.2.DenseReluDense.wo.weight", kRow, {512, 512}},
                 {"decoder.final_layer_norm.weight", kReplicated, {512}}});
  EXPECT_THAT(config_error_of([] {
                layout_of(t5_small(), {3, 1, 1});
              }),
              ::testing::ContainsRegex("8 heads \\([a-z_]+\\) do not divide by 3"));
}

TEST(T5, PutsTheDecoderBehindTheEncoder) {
  auto const model = t5_small();
  auto const layout = layout_of(model, {1, 3, 1});
  auto const stages = [&](std::string const& name) { return parameter_of(model.catalog, layout, name).stages; };
  EXPECT_EQ(stages("encoder.block.3.layer.0.SelfAttention.q.weight"), Stages{0});
  EXPECT_EQ(stages("encoder.block.4.layer.0.SelfAttention.q.weight"), Stages{1});
  EXPECT_EQ(stages("encoder.final_layer_norm.weight"), Stages{1});
  EXPECT_EQ(stages("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"), Stages{1});
  EXPECT_EQ(stages("decoder.block.1.layer.1.EncDecAttention.q.weight"), Stages{1});
  EXPECT_EQ(stages("decoder.block.2.layer.1.EncDecAttention.q.weight"), Stages{2});
  EXPECT_EQ(stages("decoder.final_layer_norm.weight"), Stages{2});
  EXPECT_EQ(stages("shared.weight"), (Stages{0, 1, 2})) << "both embeddings and the head";
  EXPECT_EQ(layout.aliases.size(), 3U);
}

TEST(T5, LoadsNothingTwiceThatIsStoredTwice) {
  auto const model = t5_small({{"lm_head.weight", {32128, 512}}, {"decoder.embed_tokens.weight", {32128, 512}}});
  auto const layout = layout_of(model, {1, 2, 1});
  EXPECT_EQ(layout.aliases.size(), 3U);
  EXPECT_EQ(layout.parameters.size(), model.catalog.tensors.size() - 2);
}

TEST(T5, CutsVersion11WithItsTwoGatesAndItsOwnHead) {
  // Small: 6 heads of 64 beside a hidden size of 512.
  auto tensors = tensors_of({32128, 512, 384, 6, 1024, {"wi_0", "wi_1"}, 8});
  tensors.push_back({"lm_head.weight", {32128, 512}});
  RealModel const model{
      R"({"model_type": "t5", "vocab_size": 32128, "d_model": 512, "d_kv": 64, "d_ff": 1024, "num_heads": 6,
          "num_layers": 8, "num_decoder_layers": 8, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false})",
      make_catalog(tensors, 8)};
  expect_shards(model, 2,
                {{"encoder.block.7.layer.0.SelfAttention.v.weight", kColumn, {192, 512}},
                 {"encoder.block.7.layer.1.DenseReluDense.wi_0.weight", kColumn, {512, 512}},
                 {"decoder.block.7.layer.2.DenseReluDense.wi_1.weight", kColumn, {512, 512}},
                 {"lm_head.weight", kVocab, {16064, 512}}});
  EXPECT_EQ(layout_of(model, {1, 2, 1}).aliases.size(), 2U);
}

TEST(T5, ServesAnEncoderAlone) {
  RealModel const model{
      R"({"model_type": "umt5", "vocab_size": 256384, "d_model": 4096, "d_kv": 64, "num_heads": 64,
                            "num_layers": 2, "num_decoder_layers": 2})",
      make_catalog({{"shared.weight", {256384, 4096}},
                    {"encoder.block.{layer}.layer.0.SelfAttention.q.weight", {4096, 4096}},
                    {"encoder.block.{layer}.layer.0.SelfAttention.relative_attention_bias.weight", {32, 64}},
                    {"encoder.final_layer_norm.weight", {4096}}},
                   2)};
  auto const layout = layout_of(model, {8, 2, 1});
  EXPECT_EQ(layout.aliases.size(), 1U);
  EXPECT_EQ(parameter_of(model.catalog, layout, "shared.weight").stages, Stages{0});
}

/// 4B, as `names` has the parts: text, images and projector.
RealModel gemma_3_4b(std::string const& text, std::string const& images) {
  auto const layer = text + "layers.{layer}.";
  auto const tower = images + "vision_tower.vision_model.";
  return {R"({"model_type": "gemma3", "text_config": {"hidden_size": 2560, "num_hidden_layers": 34},
              "vision_config": {"num_hidden_layers": 27}})",
          make_catalog({{text + "embed_tokens.weight", {262208, 2560}},
                        {layer + "self_attn.q_proj.weight", {2048, 2560}},
                        {layer + "self_attn.k_proj.weight", {1024, 2560}},
                        {layer + "self_attn.o_proj.weight", {2560, 2048}},
                        {layer + "self_attn.q_norm.weight", {256}},
                        {layer + "mlp.up_proj.weight", {10240, 2560}},
                        {layer + "mlp.down_proj.weight", {2560, 10240}},
                        {layer + "pre_feedforward_layernorm.weight", {2560}},
                        {text + "norm.weight", {2560}},
                        {tower + "embeddings.patch_embedding.weight", {1152, 3, 14, 14}},
                        {tower + "embeddings.position_embedding.weight", {4096, 1152}},
                        {tower + "encoder.layers.26.self_attn.out_proj.bias", {1152}},
                        {tower + "encoder.layers.26.mlp.fc1.weight", {4304, 1152}},
                        {tower + "encoder.layers.26.layer_norm2.weight", {1152}},
                        {tower + "post_layernorm.bias", {1152}},
                        {images + "multi_modal_projector.mm_input_projection_weight", {1152, 2560}},
                        {images + "multi_modal_projector.mm_soft_emb_norm.weight", {1152}}},
                       34)};
}

TEST(Gemma3, CutsTheLanguageModelAndReplicatesTheVisionTower) {
  std::pair<std::string, std::string> const spellings[]{
      {"language_model.model.", ""}, {"model.language_model.", "model."}, {"language_model.", ""}};
  for (auto const& [text, images] : spellings) {
    auto const model = gemma_3_4b(text, images);
    expect_shards(
        model, 8,
        {{(text + "embed_tokens.weight").c_str(), kVocab, {32776, 2560}},
         {(text + "layers.33.self_attn.q_proj.weight").c_str(), kColumn, {256, 2560}},
         {(text + "layers.33.self_attn.k_proj.weight").c_str(), kColumn, {256, 2560}},
         {(text + "layers.33.self_attn.o_proj.weight").c_str(), kRow, {2560, 256}},
         {(text + "layers.33.mlp.down_proj.weight").c_str(), kRow, {2560, 1280}},
         {(text + "layers.33.self_attn.q_norm.weight").c_str(), kReplicated, {256}},
         {(images + "vision_tower.vision_model.encoder.layers.26.mlp.fc1.weight").c_str(), kReplicated, {4304, 1152}},
         {(images + "multi_modal_projector.mm_input_projection_weight").c_str(), kReplicated, {1152, 2560}}});
    auto const layout = layout_of(model, {1, 2, 1});
    auto const stages = [&](std::string const& name) { return parameter_of(model.catalog, layout, name).stages; };
    EXPECT_EQ(stages(images + "vision_tower.vision_model.encoder.layers.26.mlp.fc1.weight"), Stages{0});
    EXPECT_EQ(stages(text + "layers.17.mlp.up_proj.weight"), Stages{1});
    auto const has_head = text != "language_model.";
    EXPECT_EQ(layout.aliases.size(), has_head ? 1U : 0U);
    EXPECT_EQ(stages(text + "embed_tokens.weight"), has_head ? (Stages{0, 1}) : Stages{0});
  }
}

}  // namespace
}  // namespace distload::testing
