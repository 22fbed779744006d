// Flattens config.json into a map.
#include "partition/rules/config_values.hpp"

#include <algorithm>
#include <utility>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

using Json = nlohmann::json;

/// Sizes of models are never nested more deeply.
constexpr int kMaxDepth = 8;

/// Items kept of a list: one for each layer of any model.
constexpr std::size_t kMaxItems = 10'000;

constexpr JsonLimits kLimits{.text_bytes = 4 * kMiB};

template <typename Add>
void visit(Json const& object, std::string const& prefix, int depth, Add const& add) {
  for (auto const& [key, value] : object.items()) {
    if (value.is_object()) {
      if (depth < kMaxDepth) visit(value, prefix + key + ".", depth + 1, add);
      if (!value.contains("count")) add(prefix + key + std::string(kCount), Json(value.size()));
    } else if (!value.is_null()) {
      add(prefix + key, value);
    }
    if (value.is_array()) add(prefix + key + std::string(kCount), Json(value.size()));
    for (std::size_t i = 0; value.is_array() && i < std::min(value.size(), kMaxItems); ++i) {
      if (value[i].is_primitive() && !value[i].is_null()) add(prefix + key + "." + std::to_string(i), value[i]);
    }
  }
}

}  // namespace

ConfigValues::ConfigValues(std::string_view text, std::string source) : source_(std::move(source)) {
  if (text.empty()) return;
  auto const document = [&] {
    try {
      return parse_json(text, kLimits, source_);
    } catch (CorruptData const& error) {
      throw ConfigError(error.what());
    }
  }();
  if (!document.is_object()) throw ConfigError(source_ + ": not a JSON object");
  visit(document, "", 1, [this](std::string const& key, Json const& value) {
    auto& entry = values_[key];
    entry.shown = shown_json(value);
    if (auto const* number = value.get_ptr<std::uint64_t const*>()) {
      entry.known = *number;
    } else if (auto const* flag = value.get_ptr<bool const*>()) {
      entry.known = *flag;
    } else if (auto const* words = value.get_ptr<std::string const*>()) {
      entry.known = *words;
    } else if (value.is_number()) {
      entry.known = value.get<double>();
    }
  });
}

ConfigValues::Value const* ConfigValues::find(std::string const& key) const {
  auto const found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> ConfigValues::size(std::string const& key) const {
  auto const* const value = find(key);
  if (value == nullptr) return std::nullopt;
  auto const* const number = std::get_if<std::uint64_t>(&value->known);
  if (number == nullptr) throw ConfigProblem(key + " is " + value->shown + ", expected an integer, zero or more");
  if (*number > kMaxSize) {
    throw ConfigProblem(key + " is " + value->shown + ", more than any model has (" + std::to_string(kMaxSize) + ")");
  }
  return *number;
}

std::optional<bool> ConfigValues::boolean(std::string const& key) const {
  auto const* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (auto const* flag = std::get_if<bool>(&value->known)) return *flag;
  throw ConfigProblem(key + " is " + value->shown + ", expected true or false");
}

std::optional<std::string> ConfigValues::text(std::string const& key) const {
  auto const* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (auto const* words = std::get_if<std::string>(&value->known)) return *words;
  throw ConfigProblem(key + " is " + value->shown + ", expected a text");
}

std::optional<Scalar> ConfigValues::scalar(std::string const& key) const {
  auto const* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (auto const* flag = std::get_if<bool>(&value->known)) return *flag;
  if (auto const* words = std::get_if<std::string>(&value->known)) return *words;
  if (auto const* number = std::get_if<double>(&value->known)) return *number;
  if (auto const* size = std::get_if<std::uint64_t>(&value->known)) return static_cast<double>(*size);
  return std::nullopt;
}

void ConfigValues::add_synonym(std::string const& key, std::string const& from) {
  auto const below = [this](std::string const& prefix) {
    auto const begin = values_.lower_bound(prefix);
    auto end = begin;
    while (end != values_.end() && end->first.starts_with(prefix)) ++end;
    return std::pair(begin, end);
  };
  if (auto const [begin, end] = below(key + "."); begin != end || values_.contains(key)) return;
  std::map<std::string, Value> copies;
  if (auto const* const own = find(from)) copies[key] = *own;
  auto const [begin, end] = below(from + ".");
  for (auto entry = begin; entry != end; ++entry) copies[key + entry->first.substr(from.size())] = entry->second;
  values_.merge(copies);
}

std::string shown(Scalar const& value) {
  if (auto const* words = std::get_if<std::string>(&value)) return "`" + printable(*words) + "`";
  if (auto const* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  auto text = std::to_string(std::get<double>(value));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace distload::rules
