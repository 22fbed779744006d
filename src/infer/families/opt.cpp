// OPT: learned positions behind two unused rows, and a plain MLP. OPT-350M has its norms behind the residual stream and
// narrower embeddings.
#include "infer/families/checks.hpp"
#include "infer/families/with_layer_norms.hpp"

namespace distload::infer {
namespace {

constexpr double kEpsilon = 1e-5;

AttentionDescription attention_of_opt(ModelConfig const& config, std::uint32_t hidden, std::string const& at) {
  AttentionDescription attention;
  attention.names = {.query = at + "q_proj",
                     .key = at + "k_proj",
                     .value = at + "v_proj",
                     .fused = at + "qkv_proj",
                     .output = at + "out_proj",
                     .query_norm = "",
                     .key_norm = "",
                     .sinks = ""};
  attention.options = plain_attention_of(config.count({"num_attention_heads"}, 12), hidden);
  return attention;
}

EmbeddingDescription embedding_of_opt(std::string const& prefix, bool is_projected) {
  EmbeddingDescription embedding;
  embedding.tokens = prefix + "embed_tokens";
  embedding.positions = PositionTable{.name = prefix + "embed_positions", .offset = 2};
  if (is_projected) embedding.projection = prefix + "project_in";
  return embedding;
}

}  // namespace

ModelDescription describe_opt(ModelConfig const& config, ParameterNames const& names) {
  config.require("layer_norm_elementwise_affine", true);
  auto const prefix = names.prefix({"model.decoder.", "decoder."}, "layers.");
  auto const hidden = config.count({"hidden_size"}, 768);
  auto const function = config.function({"activation_function"}, "relu");
  auto const is_projected = config.count({"word_embed_proj_dim"}, hidden) != hidden;
  auto const norm_is_before = config.flag({"do_layer_norm_before"}, true);
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"}, 50272);
  model.hidden = hidden;
  model.mlp_width = config.count({"ffn_dim"}, 3072);
  model.positions = config.count({"max_position_embeddings"}, 2048);
  model.embedding = embedding_of_opt(prefix, is_projected);
  for (std::uint32_t i = 0; i < config.count({"num_hidden_layers"}, 12); ++i) {
    auto const at = prefix + "layers." + std::to_string(i) + ".";
    check_biases(config, names, "enable_bias", true, at,
                 {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.qkv_proj",
                  "self_attn.out_proj", "fc1", "fc2"});
    model.layers.push_back({.prefix = at,
                            .arrangement = norm_is_before ? Arrangement::sequential : Arrangement::post_norm,
                            .attention_norm = layer_norm_of(at + "self_attn_layer_norm", kEpsilon),
                            .mlp_norm = layer_norm_of(at + "final_layer_norm", kEpsilon),
                            .attention = attention_of_opt(config, hidden, at + "self_attn."),
                            .mlp = plain_mlp_of(at + "fc1", at + "fc2", function)});
  }
  if (norm_is_before && !config.flag({"_remove_final_layer_norm"}, false)) {
    model.final_norm = layer_norm_of(prefix + "final_layer_norm", kEpsilon);
  }
  if (is_projected) model.head.projection = prefix + "project_out";
  if (prefix == "model.decoder.") model.head.name = "lm_head";
  return model;
}

}  // namespace distload::infer
