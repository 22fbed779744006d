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

std::string const kLlama = R"("model_type": "llama", "intermediate_size": 8)";
/// A version and a quotation mark follow.
std::string const kDeepseek = R"("intermediate_size": 8, "num_experts_per_tok": 1, "model_type": "deepseek_v)";

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
      {kLlama + R"(, "partial_rotary_factor": 0.5)", "partial_rotary_factor"},
      {R"("model_type": "qwen2", "intermediate_size": 8, "layer_types": ["sliding_attention"])", "use_sliding_window"},
      {kDeepseek + R"(3", "scoring_func": "softmax")", "scoring_func"},
      {kDeepseek + R"(3", "topk_method": "greedy")", "topk_method"},
      {kDeepseek + R"(3", "moe_layer_freq": 2)", "moe_layer_freq"},
      {kDeepseek + R"(2", "norm_topk_prob": true)", "norm_topk_prob"},
      {R"("model_type": "t5", "is_encoder_decoder": false)", "is_encoder_decoder"},
      {R"("model_type": "t5", "feed_forward_proj": "gated-gelu", "is_gated_act": false)", "is_gated_act"},
      {R"("model_type": "t5", "feed_forward_proj": "gated-gelu", "dense_act_fn": "relu")", "dense_act_fn"},
  };
  for (auto const& refused : cases) {
    EXPECT_THAT([&] { described(refused.first, {}); },
                Throws<ConfigError>(Property(&ConfigError::what, HasSubstr(refused.second))))
        << refused.first;
  }
}

TEST(Families, RefuseBiasesThatTheConfigExcludes) {
  struct Case {
    std::string keys;
    std::string name;  ///< of a module with a bias
    std::string flag;  ///< that allows it, or excludes it
    bool is_excluded;  ///< where the flag is missing
  };
  std::vector<Case> const cases{
      {kLlama, "model.layers.0.self_attn.o_proj", "attention_bias", true},
      {kLlama, "model.layers.0.mlp.down_proj", "mlp_bias", true},
      {R"("model_type": "falcon")", "transformer.h.0.self_attention.dense", "bias", true},
      {R"("model_type": "gpt_neox")", "gpt_neox.layers.0.attention.dense", "attention_bias", false},
      {R"("model_type": "opt")", "model.decoder.layers.0.fc1", "enable_bias", false},
      {R"("model_type": "qwen2_moe", "intermediate_size": 8)", "model.layers.0.self_attn.q_proj", "qkv_bias", false},
  };
  for (auto const& tried : cases) {
    auto const describe = [&](std::string const& further) { described(tried.keys + further, {tried.name + ".bias"}); };
    auto const is_refused = Throws<ConfigError>(Property(&ConfigError::what, HasSubstr(tried.flag)));
    EXPECT_THAT([&] { describe(", \"" + tried.flag + "\": false"); }, is_refused) << tried.name;
    EXPECT_NO_THROW(describe(", \"" + tried.flag + "\": true")) << tried.name;
    if (tried.is_excluded) {
      EXPECT_THAT([&] { describe(""); }, is_refused) << tried.name;
    } else {
      EXPECT_NO_THROW(describe("")) << tried.name;
    }
  }
}

TEST(Families, RefuseFurtherLayersOfAnEncoder) {
  auto const keys = R"("model_type": "t5", "num_layers": 1, "num_decoder_layers": 2)";
  EXPECT_NO_THROW(described(keys, {"encoder.block.0.layer.0.layer_norm.weight"}));
  EXPECT_THAT([&] { described(keys, {"encoder.block.1.layer.0.layer_norm.weight"}); },
              Throws<ConfigError>(Property(&ConfigError::what, HasSubstr("encoder.block.1."))));
}

TEST(Families, HaveTheWindowsOfTransformers) {
  std::vector<std::pair<std::string, std::uint64_t>> const cases{
      {R"("model_type": "llama", "sliding_window": 3, "use_sliding_window": true)", 0},
      {R"("model_type": "llama", "sliding_window": 3, "layer_types": ["sliding_attention"])", 0},
      {R"("model_type": "mistral", "sliding_window": 3, "use_sliding_window": false)", 3},
      {R"("model_type": "mistral")", 4096},
      {R"("model_type": "mistral", "sliding_window": null)", 0},
      {R"("model_type": "mistral", "sliding_window": 3, "layer_types": ["full_attention"])", 0},
      {R"("model_type": "qwen2", "sliding_window": 3)", 0},
      {R"("model_type": "qwen2", "sliding_window": 3, "use_sliding_window": true)", 0},
      {R"("model_type": "qwen2", "sliding_window": 3, "use_sliding_window": true, "max_window_layers": 0)", 3},
      {R"("model_type": "qwen3", "use_sliding_window": true, "max_window_layers": 0)", 4096},
      {R"("model_type": "qwen3_moe", "use_sliding_window": true, "sliding_window": null)", 0},
      {R"("model_type": "qwen3_moe", "use_sliding_window": true, "sliding_window": 3)", 3},
  };
  for (auto const& [keys, window] : cases) {
    EXPECT_EQ(attention_of(described(keys + R"(, "intermediate_size": 8)", {})).window, window) << keys;
  }
}

TEST(Families, TakeTransformersValuesOfMissingKeys) {
  auto const mixtral = described(R"("model_type": "mixtral", "rope_parameters": {"rope_type": "default"})", {});
  EXPECT_EQ(mixtral.final_norm->options.epsilon, 1e-5F);
  EXPECT_EQ(mixtral.layers.at(0).attention_norm->options.epsilon, 1e-5F);
  EXPECT_EQ(attention_of(mixtral).rotary->base, 1e6);
  auto const phi3 = described(R"("model_type": "phi3", "max_position_embeddings": 8192, "rope_scaling":
                                 {"type": "longrope", "short_factor": [1, 1], "long_factor": [2, 2]})",
                              {});
  EXPECT_EQ(attention_of(phi3).rotary->original_positions, 4096);
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
