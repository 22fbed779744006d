// Gemma 2: Llama with scaled embeddings, norms before and after attention and MLP whose weights are offset by 1,
// windows in every second layer, and soft caps of scores and logits.
#include "infer/families/gemma2.hpp"

#include <cmath>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "infer/families/llama.hpp"

namespace distload::infer {
namespace {

NormOptions norm_of_gemma(ModelConfig const& config) {
  auto norm = rms_norm_of(config);
  norm.weight_offset = 1;
  return norm;
}

AttentionDescription attention_of_gemma(ModelConfig const& config, ParameterNames const& names,
                                        std::string const& layer, std::string const& type) {
  auto const window = type == "sliding_attention" ? config.count({"sliding_window"}, 4096) : 0;
  auto attention = attention_of_llama(config, names, layer, window);
  auto& options = attention.options;
  options.head_dim = config.count({"head_dim"}, 256);
  options.key_heads = config.count({"num_key_value_heads"}, 4);
  options.scale = static_cast<float>(1 / std::sqrt(config.number({"query_pre_attn_scalar"}, 256)));
  if (options.query_key_norm) options.query_key_norm = norm_of_gemma(config);
  return attention;
}

void check_types(std::vector<std::string> const& types, std::uint32_t layers) {
  if (types.size() != layers) {
    throw ConfigError("config.json: layer_types has " + std::to_string(types.size()) + " types for " +
                      std::to_string(layers) + " layers");
  }
  for (auto const& type : types) {
    if (type == "full_attention" || type == "sliding_attention") continue;
    throw ConfigError("config.json: layer_types has '" + printable(type) +
                      "', expected full_attention or sliding_attention");
  }
}

}  // namespace

std::vector<std::string> layer_types_of_gemma(ModelConfig const& config, std::uint32_t pattern) {
  auto const layers = config.count({"num_hidden_layers"});
  auto types = config.texts("layer_types");
  if (!types.empty()) {
    check_types(types, layers);
    return types;
  }
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    types.emplace_back(pattern != 0 && (layer + 1) % pattern == 0 ? "full_attention" : "sliding_attention");
  }
  return types;
}

float soft_cap_of(ModelConfig const& config, std::string_view key, double fallback) {
  return config.is_null(key) ? 0 : static_cast<float>(config.number({key}, fallback));
}

ModelDescription frame_of_gemma(ModelConfig const& config, ParameterNames const& names,
                                std::vector<std::string> const& types) {
  config.require("use_bidirectional_attention", false);
  auto const norm = norm_of_gemma(config);
  auto model = frame_of_llama(config, names, norm);
  model.embedding.factor = std::sqrt(static_cast<float>(model.hidden));
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    auto& layer = model.layers[i];
    layer.norm_after_attention = {layer.prefix + "post_attention_layernorm", norm};
    layer.mlp_norm = {layer.prefix + "pre_feedforward_layernorm", norm};
    layer.norm_after_mlp = {layer.prefix + "post_feedforward_layernorm", norm};
    layer.attention = attention_of_gemma(config, names, layer.prefix, types[i]);
    std::get<MlpDescription>(layer.mlp).function = config.function({"hidden_activation"}, "gelu_pytorch_tanh");
  }
  return model;
}

ModelDescription describe_gemma2(ModelConfig const& config, ParameterNames const& names) {
  auto model = frame_of_gemma(config, names, layer_types_of_gemma(config, 2));
  auto const cap = soft_cap_of(config, "attn_logit_softcapping", 50);
  for (auto& layer : model.layers) {
    auto& options = std::get<AttentionDescription>(layer.attention).options;
    options.soft_cap = cap;
    options.rotary = config.rotary(options.head_dim);
  }
  model.head.soft_cap = soft_cap_of(config, "final_logit_softcapping", 30);
  return model;
}

}  // namespace distload::infer
