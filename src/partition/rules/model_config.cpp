// config.json as a flat map.
#include "partition/rules/model_config.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <distload/base/error.hpp>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

using Json = nlohmann::json;

/// A deeper nesting holds no size of a model; the limit keeps hostile files off the stack.
constexpr int kMaxDepth = 8;

/// Of a list; longer ones hold no sizes.
constexpr std::size_t kMaxItems = 8;

constexpr std::size_t kShownCharacters = 40;

std::string shown(std::string json) {
  if (json.size() > kShownCharacters) json = json.substr(0, kShownCharacters) + "...";
  return json;
}

template <typename Add>
void visit(Json const& object, std::string const& prefix, int depth, Add const& add) {
  for (auto const& [key, value] : object.items()) {
    if (value.is_object()) {
      if (depth < kMaxDepth) visit(value, prefix + key + ".", depth + 1, add);
    } else if (!value.is_null()) {
      add(prefix + key, value);
    }
    for (std::size_t i = 0; value.is_array() && i < std::min(value.size(), kMaxItems); ++i) {
      if (value[i].is_primitive() && !value[i].is_null()) add(prefix + key + "." + std::to_string(i), value[i]);
    }
  }
}

}  // namespace

ModelConfig::ModelConfig(std::string_view text) {
  if (text.empty()) return;
  Json document;
  try {
    document = Json::parse(text);
  } catch (Json::exception const& error) {
    throw ConfigError("the model's config.json cannot be parsed: " + std::string(error.what()));
  }
  if (!document.is_object()) throw ConfigError("the model's config.json is no JSON object");
  visit(document, "", 1, [this](std::string const& key, Json const& value) {
    if (value.is_number_unsigned()) {
      values_[key] = value.get<std::uint64_t>();
    } else if (value.is_boolean()) {
      values_[key] = value.get<bool>();
    } else if (value.is_string()) {
      values_[key] = value.get<std::string>();
    } else {
      values_[key] = Other{shown(value.dump(-1, ' ', false, Json::error_handler_t::replace))};
    }
  });
}

std::optional<std::uint64_t> ModelConfig::size(std::string const& key) const {
  auto const found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  if (auto const* number = std::get_if<std::uint64_t>(&found->second)) return *number;
  std::string what = "not a number";
  if (auto const* other = std::get_if<Other>(&found->second)) what = other->json;
  throw RuleProblem("config.json: " + key + " is " + what + ", expected an integer, zero or more");
}

std::optional<bool> ModelConfig::boolean(std::string const& key) const {
  auto const found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  if (auto const* flag = std::get_if<bool>(&found->second)) return *flag;
  throw RuleProblem("config.json: " + key + " is neither true nor false");
}

std::optional<std::string> ModelConfig::text(std::string const& key) const {
  auto const found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  auto const* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

}  // namespace distload::rules
