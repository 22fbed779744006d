// Gemma 3 without vision: Gemma 2 with norms of queries and keys, other rotary positions in layers with windows, and no
// soft cap of scores.
#include "infer/families/gemma2.hpp"

namespace distload::infer {
namespace {

/// Older files have the base of layers with windows in a key of its own, and scale the positions of full layers only.
RotaryOptions rotary_of(ModelConfig const& config, std::uint32_t head_dim, std::string const& type) {
  if (type == "full_attention") return config.rotary(head_dim, type, {.base = 1e6});
  auto const base = config.number({"rope_local_base_freq"}, 10000);
  auto const parameters = config.json().find("rope_parameters");
  if (parameters == config.json().end() || !parameters->is_object() || !parameters->contains(type)) {
    return {.dim = head_dim, .base = base};
  }
  return config.rotary(head_dim, type, {.base = base});
}

}  // namespace

ModelDescription describe_gemma3_text(ModelConfig const& config, ParameterNames const& names) {
  auto const types = layer_types_of_gemma(config, config.count({"sliding_window_pattern"}, 6));
  auto model = frame_of_gemma(config, names, types);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    auto& options = std::get<AttentionDescription>(model.layers[i].attention).options;
    options.rotary = rotary_of(config, options.head_dim, types[i]);
  }
  model.head.soft_cap = soft_cap_of(config, "final_logit_softcapping", 0);
  return model;
}

}  // namespace distload::infer
