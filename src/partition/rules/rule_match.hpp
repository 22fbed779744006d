/// Finds the rule that matches a parameter's name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "partition/rules/rules.hpp"

namespace distload::rules {

struct RuleMatch {
  std::size_t rule = 0;  ///< index into `RuleSet::rules`
  Pattern::Match name;   ///< numbers matched by {layer} and {expert}
};

/// Nothing if no rule matches.
/// @throws RuleProblem  several rules of one file match.
std::optional<RuleMatch> find_rule(RuleSet const& set, std::string_view name);

/// @throws RuleProblem  no rule or several rules match.
RuleMatch match_rule(RuleSet const& set, std::string_view name);

}  // namespace distload::rules
