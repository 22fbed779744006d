/// Reading of rule files.
#pragma once

#include <string>
#include <string_view>

#include "partition/rules.hpp"

namespace distload::rules {

/// Parses a rule file. `path` is for messages.
/// @throws ConfigError "path:line: ..." for what is not in the rule language.
RuleSet read_rules(std::string_view text, std::string const& path);

}  // namespace distload::rules
