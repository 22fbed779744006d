/// Finds the tensors of a checkpoint to fuse or to split according to a family's rule file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <distload/partition/model_layout.hpp>

#include "partition/problems.hpp"
#include "partition/rules/rules.hpp"

namespace distload::rules {

/// The rule with that name.
/// @throws ConfigError  there is none; `key` is the setting that names it.
FusedRule const& fused_rule(RuleSet const& set, std::string const& name, std::string const& key);

/// `name` with the segments `words` replaced by `by`; nothing if `name` does not contain them.
std::optional<std::string> replaced(std::string const& name, std::string const& words, std::string const& by);

/// Adds the fusions of `rule` to the layout, for column-parallel parameters. Others are not fused: a scale of a whole
/// weight applies only to that weight.
void find_fusions(FusedRule const& rule, Catalog const& catalog, ModelLayout& layout, Problems& problems);

/// Sets the names of the parts in the parameters that `rule` splits.
void find_splits(FusedRule const& rule, Catalog const& catalog, ModelLayout& layout, Problems& problems);

}  // namespace distload::rules
