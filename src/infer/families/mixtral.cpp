// Mixtral: Mistral with experts instead of the MLP. Checkpoints have each expert's w1 (gate), w2 (down) and w3 (up), or
// all experts in one parameter.
#include "infer/families/llama.hpp"
#include "infer/families/mixture.hpp"

namespace distload::infer {
namespace {

ExpertsNames names_of_mixtral(ParameterNames const& names, std::string const& layer) {
  if (auto const at = layer + "mlp."; has_experts_together(names, at)) return experts_names_of(names, at);
  auto const at = layer + "block_sparse_moe.";
  auto const expert = at + "experts.{}.";
  return {
      .router = at + "gate",
      .router_bias = "",
      .expert = {.gate = expert + "w1", .up = expert + "w3", .fused_gate_up = expert + "w13", .down = expert + "w2"},
      .shared = {},
      .shared_gate = ""};
}

/// Of rotary positions, if config.json has none.
constexpr double kBase = 1e6;

RouterOptions router_of_mixtral(ModelConfig const& config) {
  return {.experts = config.count({"num_local_experts", "num_experts"}, 8),
          .per_token = config.count({"num_experts_per_tok"}, 2),
          .normalize = true};
}

}  // namespace

ModelDescription describe_mixtral(ModelConfig const& config, ParameterNames const& names) {
  auto model = frame_of_llama(config, names, rms_norm_of(config, 1e-5));
  for (auto& layer : model.layers) {
    auto& attention = std::get<AttentionDescription>(layer.attention).options;
    attention.window = config.count({"sliding_window"}, 0);
    attention.rotary = config.rotary(attention.head_dim, "", {.base = kBase});
    layer.mlp = ExpertsDescription{.names = names_of_mixtral(names, layer.prefix),
                                   .router = router_of_mixtral(config),
                                   .function = config.function({"hidden_act"}, "silu")};
  }
  return model;
}

}  // namespace distload::infer
