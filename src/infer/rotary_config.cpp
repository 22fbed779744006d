// After standardize_rope_params and the functions of transformers' modeling_rope_utils.py.
#include "infer/rotary_config.hpp"

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/error.hpp>

#include "base/json.hpp"
#include "base/text.hpp"

namespace distload::infer {
namespace {

using nlohmann::json;
using Scaling = RotaryOptions::Scaling;

/// The parameters of rotary positions, and the whole config where they lack something.
class RopeParameters {
 public:
  RopeParameters(json const& config, std::string_view layer_type) : config_(&config), own_(&config) {
    auto const* found = member(config, "rope_parameters");
    if (found == nullptr) found = member(config, "rope_scaling");
    if (found == nullptr) return;
    own_ = found;
    if (auto const* const of_type = member(*found, layer_type)) own_ = of_type;
  }

  std::optional<double> number(std::string_view key) const {
    auto const* value = member(*own_, key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) refuse(key, *value, "a number");
    return value->get<double>();
  }
  std::optional<double> number_of_config(std::string_view key) const {
    auto const* const value = member(*config_, key);
    return value != nullptr && value->is_number() ? std::optional(value->get<double>()) : std::nullopt;
  }
  double required(std::string_view key) const {
    auto const value = number(key);
    if (!value) throw ConfigError("config.json: rotary positions have no " + std::string(key));
    return *value;
  }
  std::vector<float> numbers(std::string_view key) const {
    std::vector<float> result;
    auto const* const value = member(*own_, key);
    if (value == nullptr || !value->is_array()) return result;
    for (auto const& item : *value) {
      if (!item.is_number()) refuse(key, *value, "a list of numbers");
      result.push_back(item.get<float>());
    }
    return result;
  }
  bool truncates() const {
    auto const* const value = member(*own_, "truncate");
    return value == nullptr || !value->is_boolean() || value->get<bool>();
  }

  Scaling scaling() const {
    auto const* type = member(*own_, "rope_type");
    if (type == nullptr) type = member(*own_, "type");
    if (type == nullptr) return Scaling::none;
    if (*type == "default") return Scaling::none;
    if (*type == "linear") return Scaling::linear;
    if (*type == "llama3") return Scaling::llama3;
    // The first files of Phi 3 call longrope yarn.
    if (*type == "yarn") return member(*own_, "short_factor") == nullptr ? Scaling::yarn : Scaling::longrope;
    if (*type == "longrope" || *type == "su") return Scaling::longrope;
    refuse("rope_type", *type, "default, linear, llama3, yarn or longrope");
  }

 private:
  static json const* member(json const& object, std::string_view key) {
    if (!object.is_object() || key.empty()) return nullptr;
    auto const found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
  [[noreturn]] static void refuse(std::string_view key, json const& value, std::string const& expected) {
    throw ConfigError("config.json: " + std::string(key) + " of rotary positions is " + shown_json(value) +
                      ", expected " + expected);
  }

  json const* config_;
  json const* own_;
};

double original_positions(RopeParameters const& parameters, RotaryDefaults const& defaults) {
  if (auto const of_config = parameters.number_of_config("original_max_position_embeddings")) return *of_config;
  if (defaults.original_positions) return *defaults.original_positions;
  if (auto const own = parameters.number("original_max_position_embeddings")) return *own;
  auto const positions = parameters.number_of_config("max_position_embeddings");
  if (!positions) throw ConfigError("config.json: rotary positions have no original_max_position_embeddings");
  return *positions;
}

/// The factor of a context, stated or by its lengths.
double factor_of(RopeParameters const& parameters, double original) {
  if (auto const factor = parameters.number("factor")) return *factor;
  auto const positions = parameters.number_of_config("max_position_embeddings");
  return positions ? *positions / original : 1;
}

double attention_factor_of_yarn(RopeParameters const& parameters, double factor) {
  if (auto const stated = parameters.number("attention_factor")) return *stated;
  auto const scale = parameters.number("mscale").value_or(0);
  auto const scale_all = parameters.number("mscale_all_dim").value_or(0);
  if (scale == 0 || scale_all == 0) return yarn_factor(factor);
  return yarn_factor(factor, scale) / yarn_factor(factor, scale_all);
}

double attention_factor_of_longrope(RopeParameters const& parameters, double factor, double original) {
  if (auto const stated = parameters.number("attention_factor")) return *stated;
  return factor <= 1 ? 1 : std::sqrt(1 + std::log(factor) / std::log(original));
}

void set_scaling(RopeParameters const& parameters, RotaryDefaults const& defaults, RotaryOptions& options) {
  options.scaling = parameters.scaling();
  if (options.scaling == Scaling::none) return;
  if (options.scaling == Scaling::linear) {
    options.factor = parameters.required("factor");
    return;
  }
  options.original_positions = original_positions(parameters, defaults);
  options.factor = factor_of(parameters, options.original_positions);
  if (options.scaling == Scaling::llama3) {
    options.low_frequency_factor = parameters.required("low_freq_factor");
    options.high_frequency_factor = parameters.required("high_freq_factor");
  } else if (options.scaling == Scaling::yarn) {
    options.beta_fast = parameters.number("beta_fast").value_or(32);
    options.beta_slow = parameters.number("beta_slow").value_or(1);
    options.truncate = parameters.truncates();
    options.attention_factor = attention_factor_of_yarn(parameters, options.factor);
  } else {
    options.short_factors = parameters.numbers("short_factor");
    options.long_factors = parameters.numbers("long_factor");
    options.attention_factor = attention_factor_of_longrope(parameters, options.factor, options.original_positions);
  }
}

}  // namespace

RotaryOptions rotary_options(nlohmann::json const& config, std::uint32_t dim, std::string_view layer_type,
                             RotaryDefaults const& defaults) {
  RopeParameters const parameters(config, layer_type);
  RotaryOptions options;
  auto const part = parameters.number("partial_rotary_factor")
                        .value_or(parameters.number_of_config("partial_rotary_factor").value_or(defaults.part));
  options.dim = static_cast<std::uint32_t>(dim * part);
  options.base =
      parameters.number("rope_theta").value_or(parameters.number_of_config("rope_theta").value_or(defaults.base));
  set_scaling(parameters, defaults, options);
  return options;
}

double yarn_factor(double factor, double m) { return factor <= 1 ? 1 : 0.1 * m * std::log(factor) + 1; }

double score_factor(nlohmann::json const& config) {
  RopeParameters const parameters(config, "");
  auto const scale_all = parameters.number("mscale_all_dim").value_or(0);
  if (scale_all == 0 || parameters.scaling() == Scaling::none) return 1;
  auto const factor = yarn_factor(parameters.required("factor"), scale_all);
  return factor * factor;
}

}  // namespace distload::infer
