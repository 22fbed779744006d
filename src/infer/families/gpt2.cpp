// GPT-2: learned positions, layer norms, a fused matrix of queries, keys and values, a plain MLP.
#include "infer/families/with_layer_norms.hpp"

namespace distload::infer {
namespace {

AttentionDescription attention_of_gpt2(ModelConfig const& config, std::uint32_t hidden, std::uint32_t layer,
                                       std::string const& at) {
  AttentionDescription attention;
  attention.names.fused = at + "c_attn";
  attention.names.output = at + "c_proj";
  auto& options = attention.options;
  options = plain_attention_of(config.count({"n_head", "num_attention_heads"}, 12), hidden);
  if (!config.flag({"scale_attn_weights"}, true)) options.scale = 1;
  if (config.flag({"scale_attn_by_inverse_layer_idx"}, false)) options.scale /= static_cast<float>(layer + 1);
  return attention;
}

}  // namespace

ModelDescription describe_gpt2(ModelConfig const& config, ParameterNames const& names) {
  config.require("add_cross_attention", false);
  auto const prefix = names.prefix({"transformer.", ""}, "h.");
  auto const hidden = config.count({"n_embd", "hidden_size"}, 768);
  auto const epsilon = config.number({"layer_norm_epsilon"}, 1e-5);
  auto const function = config.function({"activation_function"}, "gelu_new");
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"}, 50257);
  model.hidden = hidden;
  model.mlp_width = config.count({"n_inner"}, 4 * hidden);
  model.positions = config.count({"n_positions", "max_position_embeddings"}, 1024);
  model.embedding.tokens = prefix + "wte";
  model.embedding.positions = PositionTable{.name = prefix + "wpe"};
  for (std::uint32_t i = 0; i < config.count({"n_layer", "num_hidden_layers"}, 12); ++i) {
    auto const at = prefix + "h." + std::to_string(i) + ".";
    model.layers.push_back({.prefix = at,
                            .attention_norm = layer_norm_of(at + "ln_1", epsilon),
                            .mlp_norm = layer_norm_of(at + "ln_2", epsilon),
                            .attention = attention_of_gpt2(config, hidden, i, at + "attn."),
                            .mlp = plain_mlp_of(at + "mlp.c_fc", at + "mlp.c_proj", function)});
  }
  model.final_norm = layer_norm_of(prefix + "ln_f", epsilon);
  model.head.name = head_of(config, prefix, model.embedding.tokens);
  return model;
}

}  // namespace distload::infer
