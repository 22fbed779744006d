/// The parts of Gemma 2's description that Gemma 3 shares.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "infer/families.hpp"

namespace distload::infer {

/// The type of each layer, "sliding_attention" or "full_attention": `layer_types`, or every `pattern`th layer is full.
std::vector<std::string> layer_types_of_gemma(ModelConfig const& config, std::uint32_t pattern);

/// Gemma 2 and 3 with layers of these types; without soft caps and with rotary positions of the first kind.
ModelDescription frame_of_gemma(ModelConfig const& config, ParameterNames const& names,
                                std::vector<std::string> const& types);

/// A soft cap: 0 if config.json has null there, `fallback` if it does not have the key.
float soft_cap_of(ModelConfig const& config, std::string_view key, double fallback);

}  // namespace distload::infer
