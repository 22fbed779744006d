// Functions that make descriptions of their few numbers.
#include "infer/families/with_layer_norms.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <distload/base/error.hpp>

namespace distload::infer {

NormDescription layer_norm_of(std::string name, double epsilon) {
  return {std::move(name), {.kind = NormOptions::Kind::layer, .epsilon = static_cast<float>(epsilon)}};
}

AttentionOptions plain_attention_of(std::uint32_t heads, std::uint32_t hidden) {
  if (heads == 0) throw ConfigError("config.json: the model has 0 attention heads");
  auto const head_dim = hidden / heads;
  return {.heads = heads,
          .key_heads = heads,
          .head_dim = head_dim,
          .scale = 1.0F / std::sqrt(static_cast<float>(head_dim))};
}

MlpDescription plain_mlp_of(std::string up, std::string down, ActivationFunction function) {
  return {.names = {.gate = "", .up = std::move(up), .fused_gate_up = "", .down = std::move(down)},
          .function = function};
}

std::string head_of(ModelConfig const& config, std::string const& prefix, std::string const& tokens) {
  if (!prefix.empty()) return "lm_head";
  auto const has_head = has_architecture(config, "LMHeadModel") || has_architecture(config, "ForCausalLM");
  return has_head ? tokens : "";
}

bool has_architecture(ModelConfig const& config, std::string_view end) {
  return std::ranges::any_of(config.texts("architectures"),
                             [&](std::string const& name) { return name.ends_with(end); });
}

}  // namespace distload::infer
