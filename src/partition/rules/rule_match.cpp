// Matches a name with the rules.
#include "partition/rules/rule_match.hpp"

#include <string>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {

RuleFinder::RuleFinder(RuleSet const& set, ConfigValues const& config) : set_(set), config_(config) {
  for (auto const& rule : set.rules) {
    for (auto const& pattern : rule.patterns) {
      if (auto const ending = pattern.ending()) by_ending_[*ending];
    }
  }
  for (std::size_t i = 0; i < set.rules.size(); ++i) {
    for (auto const& pattern : set.rules[i].patterns) {
      if (auto const ending = pattern.ending()) {
        by_ending_[*ending].push_back({i, &pattern});
        continue;
      }
      of_any_ending_.push_back({i, &pattern});
      for (auto& [ignored, candidates] : by_ending_) candidates.push_back({i, &pattern});
    }
  }
}

std::optional<RuleMatch> RuleFinder::find(std::string_view name) const {
  auto const known = by_ending_.find(Pattern::ending_of(name));
  std::optional<RuleMatch> found;
  std::string also;
  std::size_t latest = 0;
  for (auto const& [number, pattern] : known == by_ending_.end() ? of_any_ending_ : known->second) {
    auto const& rule = set_.rules[number];
    if (found && rule.level != set_.rules[found->rule].level) break;
    if (found && latest == number) continue;  // another alternative of the same rule
    auto const match = pattern->match(name);
    if (!match || !all_hold(rule.when, set_.flags, config_, match->layer)) continue;
    if (found) also += " and " + rule.location;
    if (!found) found = RuleMatch{number, *match};
    latest = number;
  }
  if (!also.empty()) throw RuleProblem("more than one rule matches: " + set_.rules[found->rule].location + also);
  return found;
}

RuleMatch RuleFinder::match(std::string_view name) const {
  if (auto const found = find(name)) return *found;
  throw RuleProblem("no rule of " + set_.file + " matches");
}

}  // namespace distload::rules
