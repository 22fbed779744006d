// BLOOM: ALiBi, a norm of embeddings, a fused matrix with the query, key and value of each head together.
#include "infer/families/with_layer_norms.hpp"

namespace distload::infer {
namespace {

AttentionDescription attention_of_bloom(ModelConfig const& config, std::uint32_t hidden, std::string const& at) {
  AttentionDescription attention;
  attention.names.fused = at + "query_key_value";
  attention.names.fused_order = AttentionNames::FusedOrder::groups;
  attention.names.output = at + "dense";
  attention.options = plain_attention_of(config.count({"n_head", "num_attention_heads"}, 8), hidden);
  attention.options.position_bias = PositionBias::alibi;
  return attention;
}

}  // namespace

ModelDescription describe_bloom(ModelConfig const& config, ParameterNames const& names) {
  auto const prefix = names.prefix({"transformer.", ""}, "h.");
  auto const hidden = config.count({"n_embed", "hidden_size"}, 64);
  auto const epsilon = config.number({"layer_norm_epsilon"}, 1e-5);
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"}, 250880);
  model.hidden = hidden;
  model.mlp_width = std::uint64_t{4} * hidden;
  model.embedding.tokens = prefix + "word_embeddings";
  model.embedding.norm = layer_norm_of(prefix + "word_embeddings_layernorm", epsilon);
  for (std::uint32_t i = 0; i < config.count({"n_layer", "num_hidden_layers"}, 2); ++i) {
    auto const at = prefix + "h." + std::to_string(i) + ".";
    model.layers.push_back(
        {.prefix = at,
         .residual_is_normalized = config.flag({"apply_residual_connection_post_layernorm"}, false),
         .attention_norm = layer_norm_of(at + "input_layernorm", epsilon),
         .mlp_norm = layer_norm_of(at + "post_attention_layernorm", epsilon),
         .attention = attention_of_bloom(config, hidden, at + "self_attention."),
         .mlp = plain_mlp_of(at + "mlp.dense_h_to_4h", at + "mlp.dense_4h_to_h", ActivationFunction::gelu_tanh)});
  }
  model.final_norm = layer_norm_of(prefix + "ln_f", epsilon);
  model.head.name = head_of(config, prefix, model.embedding.tokens);
  return model;
}

}  // namespace distload::infer
