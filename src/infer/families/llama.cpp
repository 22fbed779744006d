// Llama, Mistral, Qwen 2 and Qwen 3: RMS norms, rotary positions, grouped key heads, a gated MLP. They differ in
// biases, which are bound where the checkpoint has them, in windows, and in Qwen 3's norms of queries and keys.
#include "infer/families/llama.hpp"

#include <cmath>

#include <distload/base/error.hpp>

#include "infer/families/checks.hpp"

namespace distload::infer {
namespace {

/// Of a Qwen: it has windows in some layers only, and only if `use_sliding_window`.
std::uint64_t window_of_qwen(ModelConfig const& config, std::uint32_t layer, std::string const& type) {
  auto const has_windows = config.flag({"use_sliding_window"}, false);
  if (!has_windows && type == "sliding_attention") {
    throw ConfigError("config.json: layer_types has sliding_attention, but use_sliding_window is false");
  }
  if (!has_windows) return 0;
  auto const is_sliding = type.empty() ? layer >= config.count({"max_window_layers"}, 28) : type == "sliding_attention";
  return is_sliding ? sliding_window_of(config) : 0;
}

/// Tokens that a token of the layer sees; 0: all. Llama has no windows, whatever config.json says.
std::uint64_t window_of(ModelConfig const& config, std::uint32_t layer) {
  auto const family = config.text({"model_type"});
  if (family == "llama") return 0;
  auto const types = config.texts("layer_types");
  auto const type = layer < types.size() ? types[layer] : std::string();
  if (family != "mistral") return window_of_qwen(config, layer, type);
  return type.empty() || type == "sliding_attention" ? sliding_window_of(config) : 0;
}

/// Refuses biases that transformers does not add.
void check_biases_of_llama(ModelConfig const& config, ParameterNames const& names, std::string const& layer) {
  auto const family = config.text({"model_type"});
  if (family != "llama" && family != "qwen3") return;
  check_biases(config, names, "attention_bias", false, layer + "self_attn.",
               {"q_proj", "k_proj", "v_proj", "qkv_proj", "o_proj"});
  if (family != "llama") return;
  check_biases(config, names, "mlp_bias", false, layer + "mlp.", {"gate_proj", "up_proj", "gate_up_proj", "down_proj"});
}

}  // namespace

std::uint64_t sliding_window_of(ModelConfig const& config) {
  return config.is_null("sliding_window") ? 0 : config.count({"sliding_window"}, 4096);
}

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
  if (config.text({"model_type"}) != "phi3") check_rotates_all(*attention.options.rotary, head_dim);
  if (names.has(attention.names.query_norm + ".weight")) attention.options.query_key_norm = rms_norm_of(config);
  return attention;
}

NormOptions rms_norm_of(ModelConfig const& config, double epsilon) {
  return {.epsilon = static_cast<float>(config.number({"rms_norm_eps"}, epsilon))};
}

MlpNames gated_mlp_names(std::string const& at) {
  return {
      .gate = at + "gate_proj", .up = at + "up_proj", .fused_gate_up = at + "gate_up_proj", .down = at + "down_proj"};
}

namespace {

LayerDescription layer_of_llama(ModelConfig const& config, ParameterNames const& names, std::string const& prefix,
                                NormOptions const& norm) {
  return {.prefix = prefix,
          .attention_norm = NormDescription{prefix + "input_layernorm", norm},
          .mlp_norm = NormDescription{prefix + "post_attention_layernorm", norm},
          .attention = attention_of_llama(config, names, prefix, /*window=*/0),
          .mlp = MlpDescription{gated_mlp_names(prefix + "mlp."), config.function({"hidden_act"}, "silu")}};
}

}  // namespace

ModelDescription frame_of_llama(ModelConfig const& config, ParameterNames const& names, NormOptions const& norm) {
  auto const prefix = names.prefix({"model.", "transformer.", ""}, "layers.");
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"});
  model.hidden = config.count({"hidden_size"});
  model.mlp_width = config.count({"intermediate_size"}, 4 * config.count({"hidden_size"}));
  model.positions = config.count({"max_position_embeddings"}, 0);
  model.embedding.tokens = prefix + "embed_tokens";
  for (std::uint32_t layer = 0; layer < config.count({"num_hidden_layers"}); ++layer) {
    model.layers.push_back(layer_of_llama(config, names, prefix + "layers." + std::to_string(layer) + ".", norm));
  }
  model.final_norm = NormDescription{prefix + "norm", norm};
  // The bare decoder, whose names have no prefix, has no head.
  if (!prefix.empty()) model.head.name = "lm_head";
  return model;
}

ModelDescription describe_llama(ModelConfig const& config, ParameterNames const& names) {
  auto model = frame_of_llama(config, names, rms_norm_of(config));
  for (std::uint32_t layer = 0; layer < model.layers.size(); ++layer) {
    std::get<AttentionDescription>(model.layers[layer].attention).options.window = window_of(config, layer);
    check_biases_of_llama(config, names, model.layers[layer].prefix);
  }
  return model;
}

}  // namespace distload::infer
