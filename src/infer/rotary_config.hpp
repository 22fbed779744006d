/// rotary_options: rotary positions as config.json describes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include <distload/layers/rotary.hpp>

namespace distload::infer {

/// What a family takes where config.json says nothing.
struct RotaryDefaults {
  double base = 10000;                         ///< rope_theta
  double part = 1;                             ///< partial_rotary_factor
  std::optional<double> original_positions{};  ///< original_max_position_embeddings
};

/// As ModelConfig::rotary.
/// @throws ConfigError  the type of scaling is unknown, or a value is missing or of another type.
RotaryOptions rotary_options(nlohmann::json const& config, std::uint32_t dim, std::string_view layer_type,
                             RotaryDefaults const& defaults);

/// The factor 0.1 m ln(factor) + 1 of YaRN; 1 for factors up to 1.
double yarn_factor(double factor, double m = 1);

/// DeepSeek: the factor of scores, that is the square of yarn_factor with `mscale_all_dim`; 1 without that key.
/// @throws ConfigError  as rotary_options.
double score_factor(nlohmann::json const& config);

}  // namespace distload::infer
