// Falcon: attention and MLP beside each other or one after the other, rotary positions or ALiBi, and a fused matrix in
// one of three orders: key heads with their queries (40B), one key head for all (7B), each head by itself (RW).
#include "infer/families/checks.hpp"
#include "infer/families/with_layer_norms.hpp"

namespace distload::infer {
namespace {

std::uint32_t hidden_of(ModelConfig const& config) { return config.count({"n_embed", "hidden_size"}, 4544); }

bool is_new(ModelConfig const& config) { return config.flag({"new_decoder_architecture"}, false); }

AttentionDescription attention_of_falcon(ModelConfig const& config, std::string const& at) {
  using enum AttentionNames::FusedOrder;
  AttentionDescription attention;
  auto const has_one_key_head = !is_new(config) && config.flag({"multi_query"}, true);
  attention.names.fused = at + "query_key_value";
  attention.names.fused_order = has_one_key_head ? sections : groups;
  attention.names.output = at + "dense";
  auto& options = attention.options;
  options = plain_attention_of(config.count({"num_attention_heads", "n_head"}, 71), hidden_of(config));
  if (is_new(config)) options.key_heads = config.count({"num_kv_heads", "n_head_kv"}, options.heads);
  if (has_one_key_head) options.key_heads = 1;
  if (config.flag({"alibi"}, false)) {
    options.position_bias = PositionBias::alibi_before_scale;
  } else {
    options.rotary = config.rotary(options.head_dim);
    check_rotates_all(*options.rotary, options.head_dim);
  }
  return attention;
}

/// Arrangement and norms.
LayerDescription joints_of_falcon(ModelConfig const& config, std::string const& at) {
  auto const epsilon = config.number({"layer_norm_epsilon"}, 1e-5);
  LayerDescription layer;
  layer.prefix = at;
  layer.attention_norm = layer_norm_of(at + "input_layernorm", epsilon);
  if (is_new(config) && config.count({"num_ln_in_parallel_attn"}, 2) == 2) {
    layer.arrangement = Arrangement::parallel;
    layer.attention_norm = layer_norm_of(at + "ln_attn", epsilon);
    layer.mlp_norm = layer_norm_of(at + "ln_mlp", epsilon);
  } else if (is_new(config) || config.flag({"parallel_attn"}, true)) {
    layer.arrangement = Arrangement::parallel;
  } else {
    layer.mlp_norm = layer_norm_of(at + "post_attention_layernorm", epsilon);
  }
  return layer;
}

LayerDescription layer_of_falcon(ModelConfig const& config, std::string const& at) {
  auto layer = joints_of_falcon(config, at);
  layer.attention = attention_of_falcon(config, at + "self_attention.");
  layer.mlp = plain_mlp_of(at + "mlp.dense_h_to_4h", at + "mlp.dense_4h_to_h", config.function({"activation"}, "gelu"));
  return layer;
}

}  // namespace

ModelDescription describe_falcon(ModelConfig const& config, ParameterNames const& names) {
  auto const prefix = names.prefix({"transformer.", ""}, "h.");
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"}, 65024);
  model.hidden = hidden_of(config);
  model.mlp_width = config.count({"ffn_hidden_size"}, 4 * hidden_of(config));
  if (!config.flag({"alibi"}, false)) model.positions = config.count({"max_position_embeddings"}, 2048);
  model.embedding.tokens = prefix + "word_embeddings";
  for (std::uint32_t i = 0; i < config.count({"num_hidden_layers", "n_layer"}, 32); ++i) {
    auto const at = prefix + "h." + std::to_string(i) + ".";
    check_biases(config, names, "bias", false, at,
                 {"self_attention.query_key_value", "self_attention.dense", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h"});
    model.layers.push_back(layer_of_falcon(config, at));
  }
  model.final_norm = layer_norm_of(prefix + "ln_f", config.number({"layer_norm_epsilon"}, 1e-5));
  model.head.name = head_of(config, prefix, model.embedding.tokens);
  return model;
}

}  // namespace distload::infer
