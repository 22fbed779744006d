// Tries the beginnings of names.
#include "partition/prefix.hpp"

#include <algorithm>
#include <string_view>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

/// Names that are tried; a model may have 100,000.
constexpr std::size_t kTriedNames = 1000;

bool matches_rule(RuleFinder const& finder, Companions const& companions, std::string_view name) {
  try {
    return finder.find(name) || std::ranges::any_of(companions.possible_weights(name), [&](std::string const& weight) {
             return finder.find(weight).has_value();
           });
  } catch (RuleProblem const&) {
    return true;  // of two rules
  }
}

}  // namespace

std::optional<std::string> prefix_of(Catalog const& catalog, std::vector<std::uint32_t> const& unmatched,
                                     RuleFinder const& finder, Companions const& companions) {
  // A wrapper changes all names; many unmatched tensors beside others that match are a part of the model without rules.
  if (unmatched.empty() || 10 * unmatched.size() < 9 * catalog.tensors.size()) return std::nullopt;
  auto const step = std::max<std::size_t>(1, unmatched.size() / kTriedNames);
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < unmatched.size(); i += step) names.emplace_back(catalog.tensors[unmatched[i]].name);
  // Most names begin with the prefix, if there is one: that in the middle does.
  auto const sample = names[names.size() / 2];
  for (auto dot = sample.find('.'); dot != std::string_view::npos; dot = sample.find('.', dot + 1)) {
    auto const prefix = sample.substr(0, dot + 1);
    auto const fitting = std::ranges::count_if(names, [&](std::string_view name) {
      return name.starts_with(prefix) && matches_rule(finder, companions, name.substr(prefix.size()));
    });
    if (2 * static_cast<std::size_t>(fitting) > names.size()) return std::string(prefix);
  }
  return std::nullopt;
}

}  // namespace distload::rules
