/// The parts of Llama's description that other families share.
#pragma once

#include <cstdint>
#include <string>

#include "infer/families.hpp"

namespace distload::infer {

/// With `rms_norm_eps`, or `epsilon` where that is missing.
NormOptions rms_norm_of(ModelConfig const& config, double epsilon = 1e-6);

/// gate_proj, up_proj, down_proj (or gate_up_proj) behind `at`.
MlpNames gated_mlp_names(std::string const& at);

/// Tokens that a token sees by `sliding_window`, which is 4096 where it is missing; 0: all, if it is null.
std::uint64_t sliding_window_of(ModelConfig const& config);

/// "self_attn." behind the layer's prefix. With a norm of queries and keys where the checkpoint has one.
AttentionDescription attention_of_llama(ModelConfig const& config, ParameterNames const& names,
                                        std::string const& layer, std::uint64_t window);

/// Embedding, layers without windows, final norm and head, with Llama's names. All norms have the options `norm`.
ModelDescription frame_of_llama(ModelConfig const& config, ParameterNames const& names, NormOptions const& norm);

}  // namespace distload::infer
