/// Which tensors of a checkpoint can be fused, and which split, as a family's rule file says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <distload/partition/model_layout.hpp>

#include "partition/problems.hpp"
#include "partition/rules/rules.hpp"

namespace distload::rules {

/// The rule of that name.
/// @throws ConfigError  there is none; `key` is the setting that asked for it.
FusedRule const& fused_rule(RuleSet const& set, std::string const& name, std::string const& key);

/// `name` with `by` in the place of `words`, which stand between dots or its ends; nothing if they do not.
std::optional<std::string> replaced(std::string const& name, std::string const& words, std::string const& by);

/// Adds the fusions of `rule` to the layout, of column-parallel parameters. Others stay by themselves: a scale of a
/// whole weight is only its own part's.
void find_fusions(FusedRule const& rule, Catalog const& catalog, ModelLayout& layout, Problems& problems);

/// Names the parts of the parameters that `rule` calls whole.
void find_splits(FusedRule const& rule, Catalog const& catalog, ModelLayout& layout, Problems& problems);

}  // namespace distload::rules
