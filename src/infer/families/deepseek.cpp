// DeepSeek V2 and V3, and Kimi K2: latent attention, an MLP in the first layers and experts in the others, with shared
// experts. Layers that predict further tokens are not part of the description.
#include <algorithm>
#include <cmath>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "infer/families/checks.hpp"
#include "infer/families/llama.hpp"
#include "infer/families/mixture.hpp"
#include "infer/rotary_config.hpp"

namespace distload::infer {
namespace {

bool is_v2(ModelConfig const& config) { return config.text({"model_type"}) == "deepseek_v2"; }

/// Norms of latents have this epsilon, whatever `rms_norm_eps` is.
constexpr float kLatentEpsilon = 1e-6F;

LatentAttentionNames names_of_attention(std::string const& at) {
  return {.query = at + "q_proj",
          .query_down = at + "q_a_proj",
          .query_norm = at + "q_a_layernorm",
          .query_up = at + "q_b_proj",
          .key_value_down = at + "kv_a_proj_with_mqa",
          .key_value_norm = at + "kv_a_layernorm",
          .key_value_up = at + "kv_b_proj",
          .output = at + "o_proj"};
}

LatentAttentionOptions attention_options(ModelConfig const& config) {
  LatentAttentionOptions options;
  options.heads = config.count({"num_attention_heads"});
  options.plain_dim = config.count({"qk_nope_head_dim"}, 128);
  options.rotary_dim = config.count({"qk_rope_head_dim"}, 64);
  options.value_dim = config.count({"v_head_dim"}, 128);
  options.latent_dim = config.count({"kv_lora_rank"}, 512);
  auto const key_dim = static_cast<double>(options.plain_dim + options.rotary_dim);
  options.scale = static_cast<float>(score_factor(config.json()) / std::sqrt(key_dim));
  options.rotary = config.rotary(options.rotary_dim);
  check_rotates_all(options.rotary, options.rotary_dim);
  options.rotary.interleaved = is_v2(config) || config.flag({"rope_interleave"}, true);
  options.norm = {.epsilon = kLatentEpsilon};
  return options;
}

/// V2 divides experts into groups by one of its methods only, and does not normalize weights.
RouterOptions router_of_v2(ModelConfig const& config) {
  RouterOptions router{.experts = config.count({"n_routed_experts", "num_local_experts"}, 64),
                       .per_token = config.count({"num_experts_per_tok"}),
                       .factor = static_cast<float>(config.number({"routed_scaling_factor"}, 1))};
  auto const method = config.text({"topk_method"}, "greedy");
  if (method == "greedy") return router;
  if (method != "group_limited_greedy") {
    throw ConfigError("config.json: topk_method is '" + printable(method) +
                      "', expected greedy or group_limited_greedy");
  }
  router.groups = config.count({"n_group"});
  router.groups_per_token = config.count({"topk_group"});
  return router;
}

RouterOptions router_of_v3(ModelConfig const& config) {
  return {.experts = config.count({"n_routed_experts", "num_local_experts"}, 256),
          .per_token = config.count({"num_experts_per_tok"}, 8),
          .score = RouterOptions::Score::sigmoid,
          .normalize = config.flag({"norm_topk_prob"}, true),
          .factor = static_cast<float>(config.number({"routed_scaling_factor"}, 2.5)),
          .groups = config.count({"n_group"}, 8),
          .groups_per_token = config.count({"topk_group"}, 4),
          .group_score = RouterOptions::GroupScore::sum_of_two_largest};
}

ExpertsDescription experts_of_deepseek(ModelConfig const& config, ParameterNames const& names, std::string const& at) {
  ExpertsDescription experts{.names = experts_names_of(names, at),
                             .router = is_v2(config) ? router_of_v2(config) : router_of_v3(config),
                             .function = config.function({"hidden_act"}, "silu")};
  if (!is_v2(config)) experts.names.router_bias = at + "gate.e_score_correction_bias";
  experts.names.shared = gated_mlp_names(at + "shared_experts.");
  return experts;
}

/// What DeepSeek's own programs compute otherwise, and transformers does not read.
void refuse_other_routers(ModelConfig const& config) {
  config.require("moe_layer_freq", 1);
  config.require("scoring_func", is_v2(config) ? "softmax" : "sigmoid");
  if (is_v2(config)) {
    config.require("norm_topk_prob", false);
  } else {
    config.require("topk_method", "noaux_tc");
  }
}

}  // namespace

ModelDescription describe_deepseek(ModelConfig const& config, ParameterNames const& names) {
  refuse_other_routers(config);
  auto model = frame_of_llama(config, names, rms_norm_of(config));
  auto const expert_width = config.count({"moe_intermediate_size"}, is_v2(config) ? 1407 : 2048);
  auto const shared_width = std::uint64_t{config.count({"n_shared_experts"}, is_v2(config) ? 2 : 1)} * expert_width;
  model.mlp_width = std::max(model.mlp_width, shared_width);
  auto const attention = attention_options(config);
  auto const first_with_experts = config.count({"first_k_dense_replace"}, is_v2(config) ? 0 : 3);
  for (std::uint32_t i = 0; i < model.layers.size(); ++i) {
    auto& layer = model.layers[i];
    layer.attention = LatentAttentionDescription{names_of_attention(layer.prefix + "self_attn."), attention};
    if (i >= first_with_experts) layer.mlp = experts_of_deepseek(config, names, layer.prefix + "mlp.");
  }
  return model;
}

}  // namespace distload::infer
