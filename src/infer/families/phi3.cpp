// Phi 3: Llama with fused matrices, rotary positions of a part of a head, and longrope.
#include "infer/families/llama.hpp"

namespace distload::infer {

ModelDescription describe_phi3(ModelConfig const& config, ParameterNames const& names) {
  auto model = frame_of_llama(config, names, rms_norm_of(config, 1e-5));
  for (auto& layer : model.layers) {
    auto& options = std::get<AttentionDescription>(layer.attention).options;
    options.rotary = config.rotary(options.head_dim, "", {.original_positions = 4096});
    options.window = config.count({"sliding_window"}, 0);
    if (options.rotary->scaling != RotaryOptions::Scaling::longrope) continue;
    model.computes_anew_beyond = static_cast<std::uint64_t>(options.rotary->original_positions);
  }
  return model;
}

}  // namespace distload::infer
