/// ModelConfig: a model's config.json, as the families' files read it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <distload/layers/activation_function.hpp>
#include <distload/layers/rotary.hpp>

#include "infer/rotary_config.hpp"

namespace distload::infer {

/// Functions that take several keys use the first one that is there and is not null. All throw ConfigError if the value
/// has another type, or there is none and no default.
class ModelConfig {
 public:
  /// @throws ConfigError  `text` is empty or is no JSON object.
  explicit ModelConfig(std::string const& text);

  using Keys = std::initializer_list<std::string_view>;

  std::uint32_t count(Keys keys, std::optional<std::uint32_t> fallback = std::nullopt) const;
  double number(Keys keys, std::optional<double> fallback = std::nullopt) const;
  bool flag(Keys keys, bool fallback) const;
  std::string text(Keys keys, std::optional<std::string> const& fallback = std::nullopt) const;
  /// @throws ConfigError  layers compute no function of that name.
  ActivationFunction function(Keys keys, std::optional<std::string> const& fallback = std::nullopt) const;
  /// True if the key is there and null, by which transformers means none of it, not its default.
  bool is_null(std::string_view key) const;
  /// Empty if there is none.
  std::vector<std::uint32_t> counts(std::string_view key) const;
  /// Empty if there is none.
  std::vector<std::string> texts(std::string_view key) const;

  /// Of `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (older versions), for `dim` numbers of a
  /// head, all of which are rotated unless `partial_rotary_factor` says otherwise.
  /// @param layer_type  whose parameters are taken, if `rope_parameters` has several ("sliding_attention")
  /// @param defaults  of what config.json does not say
  RotaryOptions rotary(std::uint32_t dim, std::string_view layer_type = "", RotaryDefaults const& defaults = {}) const;

  /// Refuses an option that is not computed.
  /// @throws ConfigError  `key` is there with another value than `computed`; names both.
  void require(std::string_view key, nlohmann::json const& computed) const;

  nlohmann::json const& json() const noexcept { return json_; }

 private:
  nlohmann::json const* find(Keys keys) const;
  template <class Value, class IsOne>
  std::vector<Value> list(std::string_view key, char const* expected, IsOne const& is_one) const;

  nlohmann::json json_;
};

}  // namespace distload::infer
