// Compares values of config.json.
#include "partition/rules/condition.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"
#include "partition/rules/expression.hpp"
#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

using Kind = Comparison::Kind;

/// Longer operators first, since "<" also begins "<=".
constexpr std::array<std::pair<std::string_view, Kind>, 5> kOperators{
    {{"!=", Kind::different}, {"<=", Kind::at_most}, {">=", Kind::at_least}, {"<", Kind::less}, {">", Kind::more}}};

/// What follows a key whose value is a list of numbers of layers, which count from 0 or from 1.
constexpr std::array<std::string_view, 2> kHasLayer{"[has layer]", "[has layer + 1]"};

/// Whether the list `key` of config.json has that number; nothing if there is no list.
std::optional<Scalar> has_number(ConfigValues const& config, std::string const& key, double number) {
  if (!config.scalar(key + std::string(kCount))) return std::nullopt;
  for (std::size_t i = 0;; ++i) {
    auto const item = config.scalar(key + "." + std::to_string(i));
    if (!item || *item == Scalar(number)) return item.has_value();
  }
}

bool is_true(Comparison const& comparison, Scalar const& value, std::string const& key) {
  if (comparison.kind == Kind::equal) return value == comparison.value;
  if (comparison.kind == Kind::different) return value != comparison.value;
  if (comparison.kind == Kind::ends_with) {
    auto const* const text = std::get_if<std::string>(&value);
    return text != nullptr && text->ends_with(std::get<std::string>(comparison.value));
  }
  auto const* const number = std::get_if<double>(&value);
  if (number == nullptr) throw ConfigProblem(key + " is " + shown(value) + ", expected a number");
  auto const limit = std::get<double>(comparison.value);
  switch (comparison.kind) {
    case Kind::less: return *number < limit;
    case Kind::at_most: return *number <= limit;
    case Kind::more: return *number > limit;
    default: return *number >= limit;
  }
}

}  // namespace

Scalar parse_scalar(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  double number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return std::string(text);
}

Comparison parse_comparison(std::string_view text) {
  for (auto const& [sign, kind] : kOperators) {
    if (!text.starts_with(sign)) continue;
    auto value = text.substr(sign.size());
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    Comparison comparison{kind, parse_scalar(value)};
    if (kind != Kind::different && !std::holds_alternative<double>(comparison.value)) {
      throw std::invalid_argument("`" + printable(text) + "` compares with no number");
    }
    return comparison;
  }
  if (text.starts_with('*')) return {Kind::ends_with, std::string(text.substr(1))};
  return {Kind::equal, parse_scalar(text)};
}

bool is_of_layer(Condition const& condition) {
  return condition.key.ends_with(kOfLayer) ||
         std::ranges::any_of(kHasLayer, [&](std::string_view ending) { return condition.key.ends_with(ending); });
}

bool holds(Condition const& condition, Flag const& flag, ConfigValues const& config,
           std::optional<std::uint32_t> layer) {
  auto key = condition.key;
  if (key.ends_with(kOfLayer) && layer) {
    key.replace(key.size() - kOfLayer.size(), kOfLayer.size(), "." + std::to_string(*layer));
  }
  std::optional<Scalar> stored;
  for (std::size_t first = 0; layer && first < kHasLayer.size(); ++first) {
    if (!key.ends_with(kHasLayer[first])) continue;
    auto const list = key.substr(0, key.size() - kHasLayer[first].size());
    stored = has_number(config, list, static_cast<double>(*layer + first));
  }
  if (stored) {
    // The condition is on a list of layers.
  } else if (std::holds_alternative<bool>(flag.otherwise)) {
    if (auto const value = config.boolean(key)) stored = *value;
  } else {
    stored = config.scalar(key);
  }
  auto const& value = stored ? *stored : flag.otherwise;
  return std::ranges::any_of(condition.any_of,
                             [&](Comparison const& comparison) { return is_true(comparison, value, key); });
}

bool all_hold(std::vector<Condition> const& conditions, std::vector<Flag> const& flags, ConfigValues const& config,
              std::optional<std::uint32_t> layer) {
  return std::ranges::all_of(conditions, [&](Condition const& condition) {
    auto const flag = std::ranges::find(flags, condition.key, &Flag::key);
    assert(flag != flags.end());
    return holds(condition, *flag, config, layer);
  });
}

}  // namespace distload::rules
