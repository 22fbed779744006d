// Values of config.json with their types checked.
#include "infer/model_config.hpp"

#include <limits>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/json.hpp"
#include "base/text.hpp"

namespace distload::infer {
namespace {

[[noreturn]] void refuse(std::string_view key, nlohmann::json const& value, std::string const& expected) {
  throw ConfigError("config.json: " + printable(key) + " is " + shown_json(value) + ", expected " + expected);
}

std::string joined(ModelConfig::Keys keys) {
  std::string text;
  for (auto const key : keys) text += (text.empty() ? "" : " or ") + std::string(key);
  return text;
}

template <class Value>
Value or_missing(std::optional<Value> const& fallback, ModelConfig::Keys keys) {
  if (!fallback) throw ConfigError("config.json has no " + joined(keys) + ", which the model's family needs");
  return *fallback;
}

nlohmann::json parsed(std::string const& text) {
  if (text.empty()) throw ConfigError("the checkpoint has no config.json, from which the model's computation follows");
  auto json = parse_json(text, JsonLimits{.text_bytes = 64 * kMiB}, "config.json");
  if (!json.is_object()) throw ConfigError("config.json is no JSON object");
  return json;
}

}  // namespace

ModelConfig::ModelConfig(std::string const& text) : json_(parsed(text)) {}

nlohmann::json const* ModelConfig::find(Keys keys) const {
  for (auto const key : keys) {
    auto const found = json_.find(key);
    if (found != json_.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

std::uint32_t ModelConfig::count(Keys keys, std::optional<std::uint32_t> fallback) const {
  auto const* const value = find(keys);
  if (value == nullptr) return or_missing(fallback, keys);
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
    refuse(*keys.begin(), *value, "a whole number");
  }
  return value->get<std::uint32_t>();
}

double ModelConfig::number(Keys keys, std::optional<double> fallback) const {
  auto const* const value = find(keys);
  if (value == nullptr) return or_missing(fallback, keys);
  if (!value->is_number()) refuse(*keys.begin(), *value, "a number");
  return value->get<double>();
}

bool ModelConfig::flag(Keys keys, bool fallback) const {
  auto const* const value = find(keys);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) refuse(*keys.begin(), *value, "true or false");
  return value->get<bool>();
}

std::string ModelConfig::text(Keys keys, std::optional<std::string> const& fallback) const {
  auto const* const value = find(keys);
  if (value == nullptr) return or_missing(fallback, keys);
  if (!value->is_string()) refuse(*keys.begin(), *value, "a text");
  return value->get<std::string>();
}

ActivationFunction ModelConfig::function(Keys keys, std::optional<std::string> const& fallback) const {
  auto const name = text(keys, fallback);
  auto const function = activation_function_of(name);
  if (!function) refuse(*keys.begin(), name, "an activation function that layers compute");
  return *function;
}

bool ModelConfig::is_null(std::string_view key) const {
  auto const found = json_.find(key);
  return found != json_.end() && found->is_null();
}

template <class Value, class IsOne>
std::vector<Value> ModelConfig::list(std::string_view key, char const* expected, IsOne const& is_one) const {
  std::vector<Value> result;
  auto const* const value = find({key});
  if (value == nullptr) return result;
  for (auto const& item : *value) {
    if (!is_one(item)) refuse(key, *value, expected);
    result.push_back(item.template get<Value>());
  }
  return result;
}

std::vector<std::uint32_t> ModelConfig::counts(std::string_view key) const {
  return list<std::uint32_t>(key, "a list of whole numbers",
                             [](auto const& item) { return item.is_number_unsigned(); });
}

std::vector<std::string> ModelConfig::texts(std::string_view key) const {
  return list<std::string>(key, "a list of texts", [](auto const& item) { return item.is_string(); });
}

RotaryOptions ModelConfig::rotary(std::uint32_t dim, std::string_view layer_type,
                                  RotaryDefaults const& defaults) const {
  return rotary_options(json_, dim, layer_type, defaults);
}

void ModelConfig::require(std::string_view key, nlohmann::json const& computed) const {
  auto const* const value = find({key});
  if (value != nullptr && *value != computed) refuse(key, *value, shown_json(computed) + ", which layers compute");
}

}  // namespace distload::infer
