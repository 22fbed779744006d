// Finds aliases by the `tied` entries of the rules.
#include "partition/ties.hpp"

#include <algorithm>
#include <string>

#include "partition/rules/rule_match.hpp"
#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

/// The first tensor that matches one of `patterns`.
std::optional<std::uint32_t> find_tensor(Catalog const& catalog, std::vector<Pattern> const& patterns) {
  for (std::uint32_t i = 0; i < catalog.tensors.size(); ++i) {
    if (any_matches(patterns, catalog.tensors[i].name)) return i;
  }
  return std::nullopt;
}

bool is_tied_by_config(TiedRule const& tied, ConfigValues const& config) {
  return !tied.when || config.boolean(*tied.when).value_or(tied.when_absent);
}

bool holds(TiedRule const& tied, Catalog const& catalog) {
  if (!tied.needs.empty() && !find_tensor(catalog, tied.needs)) return false;
  return !find_tensor(catalog, tied.unless);
}

std::vector<std::uint32_t> stages_of_alias(TiedRule const& tied, RuleSet const& set, RuleFinder const& finder,
                                           StageFinder const& stages) {
  try {
    auto const match = finder.match(tied.alias);
    return stages.of(set.rules[match.rule], match.name.layer);
  } catch (ConfigProblem const&) {
    throw;
  } catch (RuleProblem const& problem) {
    throw RuleProblem("its alias " + tied.alias + " (" + tied.location + "): " + problem.what());
  }
}

}  // namespace

Ties::Ties(Catalog const& catalog, RuleSet const& set, RuleFinder const& finder, ConfigValues const& config,
           StageFinder const& stages, std::vector<std::string> const& same_bytes, Problems& problems)
    : same_bytes_(same_bytes) {
  for (auto const& tied : set.tied) {
    auto const target = find_tensor(catalog, tied.target);
    if (!target) continue;
    try {
      if (!holds(tied, catalog)) continue;
      if (!is_tied_by_config(tied, config)) {
        untied_by_config_.push_back({tied.alias, catalog.tensors[*target].name, *tied.when});
      } else if (!is_kept(tied, *target, catalog)) {
        add(tied, *target, catalog, set, finder, stages);
      }
    } catch (ConfigProblem const&) {
      throw;
    } catch (RuleProblem const& problem) {
      problems.add(problem.what(), catalog.tensors[*target].name, catalog.tensors[*target].shape);
    }
  }
}

bool Ties::is_kept(TiedRule const& tied, std::uint32_t target, Catalog const& catalog) {
  auto const* const stored = catalog.find(tied.alias);
  if (stored == nullptr) return false;
  auto const& original = catalog.tensors[target];
  auto const is_alike = stored->shape == original.shape && stored->dtype == original.dtype;
  if (is_alike && std::ranges::find(same_bytes_, tied.alias) != same_bytes_.end()) return false;
  if (is_alike) untied_.push_back({static_cast<std::uint32_t>(stored - catalog.tensors.data()), target});
  warnings_.push_back(catalog.path + ": " + tied.alias + " should be the same as " + original.name + " (" +
                      (tied.when ? *tied.when + " in config.json, " : "") + tied.location + "), but is stored with " +
                      (is_alike ? "other bytes" : "another shape or dtype") + ": both are loaded");
  return true;
}

void Ties::add(TiedRule const& tied, std::uint32_t target, Catalog const& catalog, RuleSet const& set,
               RuleFinder const& finder, StageFinder const& stages) {
  auto const& original = catalog.tensors[target];
  if (auto const* const stored = catalog.find(tied.alias)) {
    stored_.insert(static_cast<std::uint32_t>(stored - catalog.tensors.data()));
  }
  auto const alias_stages = stages_of_alias(tied, set, finder, stages);
  stages_[target].insert(alias_stages.begin(), alias_stages.end());
  aliases_.push_back({tied.alias, original.name});
}

void Ties::add_stages(std::uint32_t tensor, std::vector<std::uint32_t>& stages) const {
  auto const known = stages_.find(tensor);
  if (known == stages_.end()) return;
  std::set<std::uint32_t> all(stages.begin(), stages.end());
  all.insert(known->second.begin(), known->second.end());
  stages.assign(all.begin(), all.end());
}

}  // namespace distload::rules
