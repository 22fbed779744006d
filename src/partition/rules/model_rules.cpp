// Drops what does not apply to a model.
#include "partition/rules/model_rules.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <distload/base/error.hpp>

#include "partition/rules/rule_problem.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload::rules {
namespace {

bool is_of_model(Condition const& condition) { return !is_of_layer(condition); }

/// True if all conditions that are not on layers hold.
bool holds_for_model(std::vector<Condition> const& when, std::vector<Flag> const& flags, ConfigValues const& config) {
  std::vector<Condition> of_model;
  std::ranges::copy_if(when, std::back_inserter(of_model), is_of_model);
  return all_hold(of_model, flags, config);
}

/// Keeps the entries that apply to the model, with their conditions on layers.
template <class Entry>
void keep_applicable(std::vector<Entry>& entries, std::vector<Flag> const& flags, ConfigValues const& config) {
  std::erase_if(entries, [&](Entry const& entry) { return !holds_for_model(entry.when, flags, config); });
  for (auto& entry : entries) std::erase_if(entry.when, is_of_model);
}

}  // namespace

ModelRules rules_of_model(FamilyRules const& family, std::string_view config_json, std::string config_file) {
  ModelRules model{read_rules(family), ConfigValues(config_json, std::move(config_file))};
  auto& set = model.set;
  auto& config = model.config;
  for (auto const& synonym : set.synonyms) {
    for (auto const& other : synonym.others) config.add_synonym(synonym.key, other);
  }
  try {
    keep_applicable(set.rules, set.flags, config);
    keep_applicable(set.required, set.flags, config);
    set.complete = set.complete && all_hold(set.complete_when, set.flags, config);
    std::erase_if(set.published, [&](PublishedNames const& names) { return !all_hold(names.when, set.flags, config); });
  } catch (ConfigProblem const& problem) {
    throw ConfigError(config.source() + ": " + problem.what() + " (" + set.file + ")");
  }
  return model;
}

bool has_sizes_of_layers(RuleSet const& set) {
  auto const of_layer = [](auto const& expression) { return expression && is_of_layer(*expression); };
  return std::ranges::any_of(set.sizes, [](auto const& size) { return is_of_layer(size.expression); }) ||
         std::ranges::any_of(set.rules, [&](Rule const& rule) {
           return std::ranges::any_of(rule.shape, of_layer) || of_layer(rule.groups) ||
                  std::ranges::any_of(rule.sections, [&](SectionRule const& section) {
                    return of_layer(section.size) || of_layer(section.heads) || of_layer(section.unit);
                  });
         });
}

}  // namespace distload::rules
