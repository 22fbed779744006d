// T5: an encoder, and a decoder that attends to its result. RMS norms, no scale of scores, no positions but a bias of
// scores by distance, from a table of the first layer of encoder and decoder.
#include <cmath>
#include <string>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "infer/families.hpp"

namespace distload::infer {
namespace {

AttentionDescription attention_of_t5(ModelConfig const& config, std::string const& at) {
  auto const heads = config.count({"num_heads"}, 8);
  AttentionDescription attention;
  attention.names = {.query = at + "q",
                     .key = at + "k",
                     .value = at + "v",
                     .fused = "",
                     .output = at + "o",
                     .query_norm = "",
                     .key_norm = "",
                     .sinks = ""};
  attention.options = {
      .heads = heads, .key_heads = heads, .head_dim = config.count({"d_kv"}, 64), .scale = 1, .causal = false};
  return attention;
}

/// Attention to tokens of the same half.
AttentionDescription self_attention(ModelConfig const& config, std::string const& half, std::string const& layer) {
  auto attention = attention_of_t5(config, layer + "layer.0.SelfAttention.");
  auto const is_decoder = half == "decoder.";
  attention.options.causal = is_decoder;
  attention.options.relative_bias = {.buckets = config.count({"relative_attention_num_buckets"}, 32),
                                     .max_distance = config.count({"relative_attention_max_distance"}, 128),
                                     .bidirectional = !is_decoder};
  attention.names.relative_bias = half + "block.0.layer.0.SelfAttention.relative_attention_bias.weight";
  return attention;
}

MlpDescription mlp_of_t5(ModelConfig const& config, std::string const& at) {
  auto const kind = config.text({"feed_forward_proj"}, "relu");
  constexpr std::string_view kGated = "gated-";
  auto const is_gated = kind.starts_with(kGated);
  auto const name = kind == "gated-gelu" ? "gelu_new" : is_gated ? kind.substr(kGated.size()) : kind;
  auto const function = activation_function_of(name);
  if (!function) {
    throw ConfigError("config.json: feed_forward_proj is '" + printable(kind) + "', whose function is not computed");
  }
  config.require("is_gated_act", is_gated);
  if (config.function({"dense_act_fn"}, std::string(name)) != *function) {
    throw ConfigError("config.json: dense_act_fn is another function than that of feed_forward_proj, '" +
                      printable(kind) + "'");
  }
  MlpNames names{.gate = is_gated ? at + "wi_0" : "",
                 .up = at + (is_gated ? "wi_1" : "wi"),
                 .fused_gate_up = "",
                 .down = at + "wo"};
  return {std::move(names), *function};
}

LayerDescription layer_of_t5(ModelConfig const& config, std::string const& half, std::uint32_t number) {
  auto const prefix = half + "block." + std::to_string(number) + ".";
  NormOptions const norm{.epsilon = static_cast<float>(config.number({"layer_norm_epsilon"}, 1e-6))};
  auto const is_decoder = half == "decoder.";
  std::string const mlp = is_decoder ? "layer.2." : "layer.1.";
  LayerDescription layer{.prefix = prefix,
                         .attention_norm = NormDescription{prefix + "layer.0.layer_norm", norm},
                         .mlp_norm = NormDescription{prefix + mlp + "layer_norm", norm},
                         .attention = self_attention(config, half, prefix),
                         .mlp = mlp_of_t5(config, prefix + mlp + "DenseReluDense.")};
  if (is_decoder) {
    layer.cross_attention =
        CrossAttentionDescription{.norm = {prefix + "layer.1.layer_norm", norm},
                                  .attention = attention_of_t5(config, prefix + "layer.1.EncDecAttention.")};
  }
  return layer;
}

/// Refuses layers behind the last that config.json describes: the loader's rules count the decoder's only.
void refuse_further_layers(ParameterNames const& names, std::string const& half, std::uint32_t layers) {
  auto const next = half + "block." + std::to_string(layers) + ".";
  if (!names.begins(next)) return;
  throw ConfigError("config.json: " + half.substr(0, half.size() - 1) + " has " + std::to_string(layers) +
                    " layers, but the checkpoint has '" + printable(next) + "...'");
}

/// transformers scales logits unless config.json says otherwise, in one of two ways.
bool scales_logits(ModelConfig const& config) {
  return config.flag({"scale_decoder_outputs"}, config.flag({"tie_word_embeddings"}, true));
}

}  // namespace

ModelDescription describe_t5(ModelConfig const& config, ParameterNames const& names) {
  config.require("is_encoder_decoder", true);
  auto const encoder_layers = config.count({"num_layers"}, 6);
  auto const start = config.count({"decoder_start_token_id", "pad_token_id"}, 0);
  ModelDescription model;
  model.vocabulary = config.count({"vocab_size"}, 32128);
  if (encoder_layers == 0 || start >= model.vocabulary) {
    throw ConfigError("config.json: num_layers is " + std::to_string(encoder_layers) +
                      ", and decoder_start_token_id is " + std::to_string(start) + " of a vocabulary of " +
                      std::to_string(model.vocabulary));
  }
  model.hidden = config.count({"d_model"}, 512);
  model.mlp_width = config.count({"d_ff"}, 2048);
  model.embedding.tokens = "decoder.embed_tokens";
  for (std::uint32_t i = 0; i < encoder_layers; ++i) model.layers.push_back(layer_of_t5(config, "encoder.", i));
  for (std::uint32_t i = 0; i < config.count({"num_decoder_layers"}, encoder_layers); ++i) {
    model.layers.push_back(layer_of_t5(config, "decoder.", i));
  }
  refuse_further_layers(names, "encoder.", encoder_layers);
  NormOptions const norm{.epsilon = static_cast<float>(config.number({"layer_norm_epsilon"}, 1e-6))};
  model.encoder = EncoderDescription{.layers = encoder_layers,
                                     .tokens = "encoder.embed_tokens",
                                     .final_norm = {"encoder.final_layer_norm", norm},
                                     .start_id = start};
  model.final_norm = NormDescription{"decoder.final_layer_norm", norm};
  model.head.name = "lm_head";
  if (scales_logits(config)) model.head.factor = 1.0F / std::sqrt(static_cast<float>(model.hidden));
  return model;
}

}  // namespace distload::infer
