/// Finds what wrappers put in front of a model's names: `_orig_mod.`, `module.`, `base_model.model.`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "partition/companions.hpp"
#include "partition/rules/rule_match.hpp"

namespace distload::rules {

/// The text, ending in a dot, without which most names of the tensors `unmatched` would match a rule, or would be those
/// of tensors that store a weight which matches one; nothing if there is none, or if other tensors of the catalog have
/// a rule.
std::optional<std::string> prefix_of(Catalog const& catalog, std::vector<std::uint32_t> const& unmatched,
                                     RuleFinder const& finder, Companions const& companions);

}  // namespace distload::rules
