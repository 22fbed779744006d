// Matches a name with the rules.
#include "partition/rules/rule_match.hpp"

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {

std::optional<RuleMatch> find_rule(RuleSet const& set, std::string_view name) {
  std::optional<RuleMatch> found;
  std::string locations;
  std::size_t matching = 0;
  for (std::size_t i = 0; i < set.rules.size(); ++i) {
    auto const& rule = set.rules[i];
    if (found && rule.level != set.rules[found->rule].level) break;
    for (auto const& pattern : rule.patterns) {
      auto const match = pattern.match(name);
      if (!match) continue;
      found = RuleMatch{i, *match};
      if (matching++ > 0) locations += " and ";
      locations += rule.location;
      break;
    }
  }
  if (matching > 1) throw RuleProblem("more than one rule matches: " + locations);
  return found;
}

RuleMatch match_rule(RuleSet const& set, std::string_view name) {
  if (auto const found = find_rule(set, name)) return *found;
  throw RuleProblem("no rule of " + set.file + " matches");
}

}  // namespace distload::rules
