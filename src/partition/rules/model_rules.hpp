/// ModelRules: a family's rules as they apply to one model.
#pragma once

#include <string>
#include <string_view>

#include "partition/partition_model.hpp"
#include "partition/rules/config_values.hpp"
#include "partition/rules/rules.hpp"

namespace distload::rules {

struct ModelRules {
  RuleSet set;  ///< without rules and entries of `required` whose conditions do not hold; conditions on layers are left
  ConfigValues config;
};

/// Reads the rules of a family for the model of `config_json`.
/// @param config_file  where `config_json` comes from, for messages
/// @throws ConfigError  a rule file or config.json is malformed, or config.json has a value that cannot be compared.
ModelRules rules_of_model(FamilyRules const& family, std::string_view config_json, std::string config_file);

/// True if some sizes are items of lists with one for each layer.
bool has_sizes_of_layers(RuleSet const& set);

}  // namespace distload::rules
