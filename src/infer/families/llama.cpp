// Llama, Mistral, Qwen 2 and Qwen 3: RMS norms, rotary positions, grouped key heads, a gated MLP. They differ in
// biases, which are bound where the checkpoint has them, in windows, and in Qwen 3's norms of queries and keys.
#include "infer/families/llama.hpp"

#include <cmath>

namespace distload::infer {
namespace {

/// Tokens that a token of the layer sees; 0: all. Qwen has windows in some layers only, and only if
/// `use_sliding_window`.
std::uint64_t window_of(ModelConfig const& config, std::uint32_t layer) {
  auto const window = config.count({"sliding_window"}, 0);
  if (auto const types = config.texts("layer_types"); layer < types.size()) {
    return types[layer] == "sliding_attention" ? window : 0;
  }
  auto const type = config.text({"model_type"});
  if (!config.flag({"use_sliding_window"}, type == "mistral")) return 0;
  return layer >= config.count({"max_window_layers"}, 0) ? window : 0;
}

}  // namespace

AttentionDescription attention_of_llama(ModelConfig const& config, ParameterNames const& names,
                                        std::string const& layer, std::uint64_t window) {
  auto const heads = config.count({"num_attention_heads"});
  auto const head_dim = config.count({"head_dim"}, config.count({"hidden_size"}) / heads);
  auto const at = layer + "self_attn.";
  AttentionDescription attention;
  attention.names = {.query = at + "q_proj",
                     .key = at + "k_proj",
                     .value = at + "v_proj",
                     .fused = at + "qkv_proj",
                     .output = at + "o_proj",
                     .query_norm = at + "q_norm",
                     .key_norm = at + "k_norm",
                     .sinks = ""};
  attention.options = {.heads = heads,
                       .key_heads = config.count({"num_key_value_heads"}, heads),
                       .head_dim = head_dim,
                       .scale = 1.0F / std::sqrt(static_cast<float>(head_dim)),
                       .window = window,
                       .rotary = config.rotary(head_dim)};
  if (names.has(attention.names.query_norm + ".weight")) attention.options.query_key_norm = rms_norm_of(config);
  return attention;
}

NormOptions rms_norm_of(ModelConfig const& config) {
  return {.epsilon = static_cast<float>(config.number({"rms_norm_eps"}, 1e-6))};
}

MlpNames gated_mlp_names(std::string const& at) {
  return {
      .gate = at + "gate_proj", .up = at + "up_proj", .fused_gate_up = at + "gate_up_proj", .down = at + "down_proj"};
}

LayerDescription layer_of_llama(ModelConfig const& config, ParameterNames const& names, std::string const& prefix,
                                std::uint64_t window) {
  auto const norm = rms_norm_of(config);
  return {.prefix = prefix,
          .attention_norm = NormDescription{prefix + "input_layernorm", norm},
          .mlp_norm = NormDescription{prefix + "post_attention_layernorm", norm},
          .attention = attention_of_llama(config, names, prefix, window),
          .mlp = MlpDescription{gated_mlp_names(prefix + "mlp."), config.function({"hidden_act"}, "silu")}};
}

ModelDescription frame_of_llama(ModelConfig const& config, ParameterNames const& names) {
  auto const prefix = names.prefix({"model.", "transformer.", ""}, "layers.");
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"});
  model.hidden = config.count({"hidden_size"});
  model.mlp_width = config.count({"intermediate_size"}, 4 * config.count({"hidden_size"}));
  model.positions = config.count({"max_position_embeddings"}, 0);
  model.embedding.tokens = prefix + "embed_tokens";
  for (std::uint32_t layer = 0; layer < config.count({"num_hidden_layers"}); ++layer) {
    model.layers.push_back(layer_of_llama(config, names, prefix + "layers." + std::to_string(layer) + ".", 0));
  }
  model.final_norm = NormDescription{prefix + "norm", rms_norm_of(config)};
  // The bare decoder, whose names have no prefix, has no head.
  if (!prefix.empty()) model.head.name = "lm_head";
  return model;
}

ModelDescription describe_llama(ModelConfig const& config, ParameterNames const& names) {
  auto model = frame_of_llama(config, names);
  for (std::uint32_t layer = 0; layer < model.layers.size(); ++layer) {
    std::get<AttentionDescription>(model.layers[layer].attention).options.window = window_of(config, layer);
  }
  return model;
}

}  // namespace distload::infer
