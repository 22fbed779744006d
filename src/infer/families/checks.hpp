/// Checks of config.json that several families share.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "infer/families.hpp"

namespace distload::infer {

/// Refuses biases that the checkpoint has, but that `key` excludes: transformers does not add them.
/// @param fallback  of `key`, where config.json has none
/// @param modules  behind `prefix`, whose biases `key` is about
void check_biases(ModelConfig const& config, ParameterNames const& names, std::string_view key, bool fallback,
                  std::string const& prefix, std::initializer_list<std::string_view> modules);

/// Refuses rotary positions of a part of `dim` numbers, where the family rotates all.
void check_rotates_all(RotaryOptions const& rotary, std::uint32_t dim);

}  // namespace distload::infer
