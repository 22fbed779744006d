// Finds aliases by the `tied` entries of the rules.
#include "partition/ties.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

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

/// The name of the target where only the alias is stored: of the names that the rule allows, the one whose beginning
/// other tensors share.
std::optional<std::string> missing_target(TiedRule const& tied, Catalog const& catalog) {
  for (auto const& pattern : tied.target) {
    auto const name = pattern.only_name();
    if (!name) continue;
    auto const beside = name->substr(0, name->size() - Pattern::ending_of(*name).size());
    auto const first = std::ranges::lower_bound(catalog.tensors, beside, {},
                                                [](TensorInfo const& tensor) { return std::string_view(tensor.name); });
    if (first != catalog.tensors.end() && first->name.starts_with(beside)) return std::string(*name);
  }
  return std::nullopt;
}

bool holds(TiedRule const& tied, Catalog const& catalog) {
  if (!tied.needs.empty() && !find_tensor(catalog, tied.needs)) return false;
  return !find_tensor(catalog, tied.unless);
}

std::vector<std::uint32_t> stages_of_alias(std::string const& alias, TiedRule const& tied, RuleSet const& set,
                                           RuleFinder const& finder, StageFinder const& stages) {
  try {
    auto const match = finder.match(alias);
    return stages.of(set.rules[match.rule], match.name.layer);
  } catch (ConfigProblem const&) {
    throw;
  } catch (RuleProblem const& problem) {
    throw RuleProblem("its alias " + alias + " (" + tied.location + "): " + problem.what());
  }
}

}  // namespace

bool is_tied_by_config(TiedRule const& tied, ConfigValues const& config) {
  if (!tied.when) return true;
  auto const whole = config.boolean(*tied.when);
  auto const text = config.boolean("text_config." + *tied.when);
  if (whole && text) return *whole || *text;
  return whole ? *whole : text.value_or(tied.when_absent);
}

Ties::Ties(Catalog const& catalog, RuleSet const& set, RuleFinder const& finder, ConfigValues const& config,
           StageFinder const& stages, std::vector<std::string> const& same_bytes, Problems& problems)
    : same_bytes_(same_bytes) {
  for (auto const& tied : set.tied) {
    auto target = find_tensor(catalog, tied.target);
    auto alias = tied.alias;
    auto const* const stored = catalog.find(tied.alias);
    if (!target && stored != nullptr) {
      // transformers also ties where only the alias is stored, e.g. the head instead of the embedding.
      if (auto name = missing_target(tied, catalog);
          name && std::ranges::find(aliases_, *name, &Alias::name) == aliases_.end()) {
        target = static_cast<std::uint32_t>(stored - catalog.tensors.data());
        alias = *std::move(name);
      }
    }
    if (!target) continue;
    try {
      if (!holds(tied, catalog)) continue;
      if (!is_tied_by_config(tied, config)) {
        untied_by_config_.push_back({alias, catalog.tensors[*target].name, *tied.when});
      } else if (alias != tied.alias || !is_kept(tied, *target, catalog)) {
        add(alias, tied, *target, catalog, set, finder, stages);
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

void Ties::add(std::string const& alias, TiedRule const& tied, std::uint32_t target, Catalog const& catalog,
               RuleSet const& set, RuleFinder const& finder, StageFinder const& stages) {
  auto const& original = catalog.tensors[target];
  if (auto const* const stored = catalog.find(alias)) {
    stored_.insert(static_cast<std::uint32_t>(stored - catalog.tensors.data()));
  }
  auto const alias_stages = stages_of_alias(alias, tied, set, finder, stages);
  stages_[target].insert(alias_stages.begin(), alias_stages.end());
  aliases_.push_back({alias, original.name});
}

void Ties::add_stages(std::uint32_t tensor, std::vector<std::uint32_t>& stages) const {
  auto const known = stages_.find(tensor);
  if (known == stages_.end()) return;
  std::set<std::uint32_t> all(stages.begin(), stages.end());
  all.insert(known->second.begin(), known->second.end());
  stages.assign(all.begin(), all.end());
}

}  // namespace distload::rules
