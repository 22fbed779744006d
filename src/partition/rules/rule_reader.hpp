/// Reads rule files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "partition/partition_model.hpp"
#include "partition/rules/rules.hpp"

namespace distload::rules {

/// Parses a rule file and the files that it extends.
/// @throws ConfigError  "path:line: ..."; a file violates the rule language.
RuleSet read_rules(FamilyRules const& family);

/// The fields by which a rule file is found, read without its rules. `path` is for messages.
/// @throws ConfigError  the text is not a YAML map.
struct RuleFileHead {
  std::vector<std::string> model_types;
  std::vector<std::string> config_keys;  ///< a config.json without a type that has all of them is of this family
  std::optional<std::string> extends;
};
RuleFileHead read_head(std::string_view text, std::string const& path);

}  // namespace distload::rules
