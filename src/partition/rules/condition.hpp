/// Conditions of rules on values of config.json: `when: {hidden_act: gelu, num_kv_shared_layers: "> 0"}`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "partition/rules/config_values.hpp"

namespace distload::rules {

/// A key of config.json and its value if config.json does not have the key.
struct Flag {
  std::string key;
  Scalar otherwise;
};

/// A comparison with a fixed value.
struct Comparison {
  enum class Kind : std::uint8_t { equal, different, less, at_most, more, at_least, ends_with };

  Kind kind = Kind::equal;
  Scalar value;
};

/// A condition on one key.
struct Condition {
  std::string key;
  std::vector<Comparison> any_of;  ///< one of them must hold
};

/// "true", "3", "gelu": the value that a YAML scalar stands for.
Scalar parse_scalar(std::string_view text);

/// "gelu", "> 0", "!= gelu", "*ForMaskedLM" for texts that end so. `<`, `<=`, `>` and `>=` compare numbers.
/// @throws std::invalid_argument  there is no number behind such an operator; says why.
Comparison parse_comparison(std::string_view text);

/// True if the condition is on a layer: "layer_types[layer]", "attention_layers[has layer]".
bool is_of_layer(Condition const& condition);

/// True if the condition holds for the value of `flag` in `config`.
/// @param layer  whose item counts; without it, or if the list has none for it, `flag.otherwise` counts
/// @throws ConfigProblem  config.json has a value there that cannot be compared: a number is compared with `<`, or the
///                        value must be true or false.
bool holds(Condition const& condition, Flag const& flag, ConfigValues const& config,
           std::optional<std::uint32_t> layer = std::nullopt);

/// True if all conditions hold. Precondition: `flags` has the key of each.
bool all_hold(std::vector<Condition> const& conditions, std::vector<Flag> const& flags, ConfigValues const& config,
              std::optional<std::uint32_t> layer = std::nullopt);

}  // namespace distload::rules
