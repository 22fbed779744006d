// Qwen 2 and Qwen 3 with experts: Qwen's decoder with experts in most layers. Qwen 2 has a shared expert with a gate.
#include <algorithm>

#include "infer/families/checks.hpp"
#include "infer/families/llama.hpp"
#include "infer/families/mixture.hpp"

namespace distload::infer {
namespace {

bool has_experts(ModelConfig const& config, std::uint32_t layer) {
  auto const without = config.counts("mlp_only_layers");
  if (std::ranges::find(without, layer) != without.end()) return false;
  auto const step = std::max(config.count({"decoder_sparse_step"}, 1), 1U);
  return (layer + 1) % step == 0;
}

/// Tokens that a token of the layer sees; 0: all. Without a list of types, Qwen 2 has windows in every second of the
/// first `max_window_layers` layers, Qwen 3 in all.
std::uint64_t qwen_window_of(ModelConfig const& config, std::uint32_t layer) {
  if (!config.flag({"use_sliding_window"}, false)) return 0;
  auto const window = sliding_window_of(config);
  if (config.text({"model_type"}) == "qwen3_moe") return window;
  if (auto const types = config.texts("layer_types"); layer < types.size()) {
    return types[layer] == "sliding_attention" ? window : 0;
  }
  return layer % 2 == 0 && layer < config.count({"max_window_layers"}, 28) ? window : 0;
}

ExpertsDescription experts_of_qwen(ModelConfig const& config, ParameterNames const& names, std::string const& at) {
  auto const is_qwen2 = config.text({"model_type"}) == "qwen2_moe";
  ExpertsDescription experts{
      .names = experts_names_of(names, at),
      .router = {.experts = config.count({"num_experts", "num_local_experts"}, is_qwen2 ? 60 : 128),
                 .per_token = config.count({"num_experts_per_tok"}, is_qwen2 ? 4 : 8),
                 .normalize = config.flag({"norm_topk_prob"}, false)},
      .function = config.function({"hidden_act"}, "silu")};
  if (is_qwen2) {
    experts.names.shared = gated_mlp_names(at + "shared_expert.");
    experts.names.shared_gate = at + "shared_expert_gate";
  }
  return experts;
}

}  // namespace

ModelDescription describe_qwen_moe(ModelConfig const& config, ParameterNames const& names) {
  auto model = frame_of_llama(config, names, rms_norm_of(config));
  for (auto const key : {"moe_intermediate_size", "shared_expert_intermediate_size"}) {
    model.mlp_width = std::max<std::uint64_t>(model.mlp_width, config.count({key}, 0));
  }
  for (std::uint32_t i = 0; i < model.layers.size(); ++i) {
    auto& layer = model.layers[i];
    std::get<AttentionDescription>(layer.attention).options.window = qwen_window_of(config, i);
    auto const is_qwen2 = config.text({"model_type"}) == "qwen2_moe";
    check_biases(config, names, is_qwen2 ? "qkv_bias" : "attention_bias", is_qwen2, layer.prefix + "self_attn.",
                 {"q_proj", "k_proj", "v_proj", "qkv_proj"});
    if (has_experts(config, i)) layer.mlp = experts_of_qwen(config, names, layer.prefix + "mlp.");
  }
  return model;
}

}  // namespace distload::infer
