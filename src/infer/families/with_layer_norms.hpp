/// Parts of the families with layer norms: GPT-2, GPT-NeoX, OPT, BLOOM, Falcon, BERT.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "infer/families.hpp"

namespace distload::infer {

/// The norm `name` with an epsilon.
NormDescription layer_norm_of(std::string name, double epsilon);

/// Heads with keys of their own, that fill the hidden width, and scores scaled by their width.
AttentionOptions plain_attention_of(std::uint32_t heads, std::uint32_t hidden);

/// A plain MLP.
MlpDescription plain_mlp_of(std::string up, std::string down, ActivationFunction function);

/// The head of a decoder whose names begin with `prefix`: lm_head. The first files of GPT-2 and BLOOM have no prefix
/// and no lm_head; their head is `tokens`, the embedding. A bare decoder has none.
std::string head_of(ModelConfig const& config, std::string const& prefix, std::string const& tokens);

/// True if config.json has an architecture that ends like that, e.g. with "LMHeadModel".
bool has_architecture(ModelConfig const& config, std::string_view end);

}  // namespace distload::infer
