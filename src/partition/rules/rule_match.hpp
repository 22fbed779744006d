/// The one rule that a parameter's name matches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "partition/rules/rules.hpp"

namespace distload::rules {

struct RuleMatch {
  std::size_t rule = 0;  ///< index into `RuleSet::rules`
  Pattern::Match name;   ///< what stood for {layer} and {expert}
};

/// Nothing if no rule matches.
/// @throws RuleProblem if several do of one file.
std::optional<RuleMatch> find_rule(RuleSet const& set, std::string_view name);

/// @throws RuleProblem if no rule matches, or several do.
RuleMatch match_rule(RuleSet const& set, std::string_view name);

}  // namespace distload::rules
