/// The one rule that a parameter's name matches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "partition/rules.hpp"

namespace distload::rules {

struct RuleMatch {
  std::size_t rule = 0;                ///< index into `RuleSet::rules`
  std::optional<std::uint32_t> layer;  ///< what {layer} stood for in the name
};

/// @throws RuleProblem if no rule matches, or several do.
RuleMatch match_rule(RuleSet const& set, std::string_view name);

}  // namespace distload::rules
