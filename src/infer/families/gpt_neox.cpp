// GPT-NeoX and Pythia: attention and MLP beside each other, rotary positions of a quarter of a head, a fused matrix
// with the query, key and value of each head together.
#include "infer/families/checks.hpp"
#include "infer/families/with_layer_norms.hpp"

namespace distload::infer {
namespace {

AttentionDescription attention_of_gpt_neox(ModelConfig const& config, std::uint32_t hidden, std::string const& at) {
  AttentionDescription attention;
  attention.names.fused = at + "query_key_value";
  attention.names.fused_order = AttentionNames::FusedOrder::groups;
  attention.names.output = at + "dense";
  auto& options = attention.options;
  options = plain_attention_of(config.count({"num_attention_heads"}, 64), hidden);
  options.rotary =
      config.rotary(options.head_dim, "",
                    {.base = config.number({"rotary_emb_base"}, 10000), .part = config.number({"rotary_pct"}, 0.25)});
  return attention;
}

LayerDescription layer_of_gpt_neox(ModelConfig const& config, std::uint32_t hidden, std::string const& at) {
  auto const epsilon = config.number({"layer_norm_eps"}, 1e-5);
  auto const is_parallel = config.flag({"use_parallel_residual"}, true);
  return {
      .prefix = at,
      .arrangement = is_parallel ? Arrangement::parallel : Arrangement::sequential,
      .attention_norm = layer_norm_of(at + "input_layernorm", epsilon),
      .mlp_norm = layer_norm_of(at + "post_attention_layernorm", epsilon),
      .attention = attention_of_gpt_neox(config, hidden, at + "attention."),
      .mlp = plain_mlp_of(at + "mlp.dense_h_to_4h", at + "mlp.dense_4h_to_h", config.function({"hidden_act"}, "gelu"))};
}

}  // namespace

ModelDescription describe_gpt_neox(ModelConfig const& config, ParameterNames const& names) {
  auto const prefix = names.prefix({"gpt_neox.", ""}, "layers.");
  auto const hidden = config.count({"hidden_size"}, 6144);
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"}, 50432);
  model.hidden = hidden;
  model.mlp_width = config.count({"intermediate_size"}, 24576);
  model.positions = config.count({"max_position_embeddings"}, 2048);
  model.embedding.tokens = prefix + "embed_in";
  for (std::uint32_t i = 0; i < config.count({"num_hidden_layers"}, 44); ++i) {
    auto const at = prefix + "layers." + std::to_string(i) + ".";
    check_biases(config, names, "attention_bias", true, at + "attention.", {"query_key_value", "dense"});
    model.layers.push_back(layer_of_gpt_neox(config, hidden, at));
  }
  model.final_norm = layer_norm_of(prefix + "final_layer_norm", config.number({"layer_norm_eps"}, 1e-5));
  if (prefix.empty()) return model;
  model.head.name = names.has("lm_head.weight") ? "lm_head" : "embed_out";
  return model;
}

}  // namespace distload::infer
