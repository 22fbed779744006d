// What descriptions take from config.json, and what they refuse.
#include "infer/families.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <distload/base/error.hpp>

namespace distload::infer {
namespace {

using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

/// A model of one layer with keys that all families take.
std::string const kSizes =
    R"("vocab_size": 8, "hidden_size": 16, "n_embd": 16, "num_attention_heads": 4, "num_hidden_layers": 1, "n_layer": 1)";

ModelDescription described(std::string const& keys, std::vector<std::string> names) {
  Catalog catalog;
  std::ranges::sort(names);
  for (auto& name : names) catalog.tensors.push_back({.name = std::move(name), .shape = {}, .partition = ""});
  return describe_model(ModelConfig("{" + kSizes + ", " + keys + "}"), ParameterNames(catalog));
}

AttentionOptions attention_of(ModelDescription const& model) {
  return std::get<AttentionDescription>(model.layers.at(0).attention).options;
}

TEST(Families, RefuseWhatLayersDoNotCompute) {
  std::vector<std::pair<std::string, std::string>> const cases{
      {R"("model_type": "bert", "position_embedding_type": "relative_key")", "position_embedding_type"},
      {R"("model_type": "bert", "is_decoder": true)", "is_decoder"},
      {R"("model_type": "roberta", "add_cross_attention": true)", "add_cross_attention"},
      {R"("model_type": "gpt2", "add_cross_attention": true)", "add_cross_attention"},
      {R"("model_type": "gpt2", "activation_function": "mish")", "activation_function"},
      {R"("model_type": "opt", "layer_norm_elementwise_affine": false)", "layer_norm_elementwise_affine"},
      {R"("model_type": "gemma2", "use_bidirectional_attention": true)", "use_bidirectional_attention"},
      {R"("model_type": "gemma3_text", "layer_types": ["chunked_attention"])", "layer_types"},
      {R"("model_type": "gemma2", "layer_types": ["full_attention", "full_attention"])", "layer_types"},
      {R"("model_type": "whisper")", "whisper"},
  };
  for (auto const& [keys, named] : cases) {
    EXPECT_THAT([&] { described(keys, {}); }, Throws<ConfigError>(Property(&ConfigError::what, HasSubstr(named))))
        << keys;
  }
}

TEST(Families, HaveAHeadIfTheModelHasOne) {
  std::vector<std::pair<std::string, std::string>> const cases{
      {R"("model_type": "gpt2", "architectures": ["GPT2LMHeadModel"])", "wte"},
      {R"("model_type": "gpt2", "architectures": ["GPT2Model"])", ""},
      {R"("model_type": "bloom", "architectures": ["BloomForCausalLM"])", "word_embeddings"},
      {R"("model_type": "bert", "architectures": ["BertForMaskedLM"])", ""},
  };
  for (auto const& [keys, head] : cases) {
    auto const model = described(keys, {"h.0.ln_1.weight", "encoder.layer.0.output.dense.weight"});
    EXPECT_EQ(model.head.name, head) << keys;
    EXPECT_EQ(model.is_decoder, !head.empty()) << keys;
  }
  EXPECT_EQ(described(R"("model_type": "gpt2")", {"transformer.h.0.ln_1.weight"}).head.name, "lm_head");
}

TEST(Families, TellNullFromMissing) {
  auto const missing = described(R"("model_type": "gemma2")", {});
  EXPECT_EQ(attention_of(missing).soft_cap, 50.0F);
  EXPECT_EQ(missing.head.soft_cap, 30.0F);
  auto const null =
      described(R"("model_type": "gemma2", "attn_logit_softcapping": null, "final_logit_softcapping": null)", {});
  EXPECT_EQ(attention_of(null).soft_cap, 0.0F);
  EXPECT_EQ(null.head.soft_cap, 0.0F);
}

TEST(Families, TakeRotaryPositionsOfOlderFiles) {
  auto const pythia =
      attention_of(described(R"("model_type": "gpt_neox", "rotary_pct": 0.5, "rotary_emb_base": 100)", {}));
  EXPECT_EQ(pythia.rotary->dim, 2);
  EXPECT_EQ(pythia.rotary->base, 100);
  auto const scaled =
      R"("model_type": "gemma3_text", "head_dim": 4, "rope_scaling": {"rope_type": "linear", "factor": 8},
                         "rope_local_base_freq": 50, "layer_types": )";
  auto const local = attention_of(described(scaled + std::string(R"(["sliding_attention"])"), {}));
  EXPECT_EQ(local.rotary, (RotaryOptions{.dim = 4, .base = 50}));
  auto const global = attention_of(described(scaled + std::string(R"(["full_attention"])"), {}));
  EXPECT_EQ(global.rotary->base, 1e6);
  EXPECT_EQ(global.rotary->factor, 8);
}

TEST(Families, ComputeAnewWhereLongropeChanges) {
  auto const model = described(R"("model_type": "phi3", "intermediate_size": 8, "original_max_position_embeddings": 16,
                                  "max_position_embeddings": 32, "rope_scaling": {"type": "yarn",
                                  "short_factor": [1, 1], "long_factor": [2, 2]}, "rms_norm_eps": 1e-5)",
                               {});
  EXPECT_EQ(attention_of(model).rotary->scaling, RotaryOptions::Scaling::longrope);
  EXPECT_EQ(model.computes_anew_beyond, 16);
}

}  // namespace
}  // namespace distload::infer
