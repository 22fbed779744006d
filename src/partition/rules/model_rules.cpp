// Drops what does not apply to a model.
#include "partition/rules/model_rules.hpp"

#include <algorithm>
#include <utility>

#include <distload/base/error.hpp>

#include "partition/rules/rule_problem.hpp"
#include "partition/rules/rule_reader.hpp"

namespace distload::rules {
namespace {

/// True if all conditions that are not on layers hold; removes them.
bool hold_for_model(std::vector<Condition>& when, std::vector<Flag> const& flags, ConfigValues const& config) {
  auto const of_layers =
      std::ranges::stable_partition(when, [](Condition const& condition) { return !is_of_layer(condition); });
  std::vector<Condition> const of_model(when.begin(), of_layers.begin());
  when.erase(when.begin(), of_layers.begin());
  return all_hold(of_model, flags, config);
}

}  // namespace

ModelRules rules_of_model(FamilyRules const& family, std::string_view config_json, std::string config_file) {
  ModelRules model{read_rules(family), ConfigValues(config_json, std::move(config_file))};
  auto& [set, config] = model;
  for (auto const& synonym : set.synonyms) {
    for (auto const& other : synonym.others) config.add_synonym(synonym.key, other);
  }
  try {
    std::erase_if(set.rules, [&](Rule& rule) { return !hold_for_model(rule.when, set.flags, config); });
    std::erase_if(set.required, [&](RequiredRule& rule) { return !hold_for_model(rule.when, set.flags, config); });
    set.complete = set.complete && all_hold(set.complete_when, set.flags, config);
    std::erase_if(set.published, [&](PublishedNames& names) { return !all_hold(names.when, set.flags, config); });
  } catch (ConfigProblem const& problem) {
    throw ConfigError(config.source() + ": " + problem.what() + " (" + set.file + ")");
  }
  return model;
}

bool has_sizes_of_layers(RuleSet const& set) {
  auto const of_layer = [](auto const& expression) { return expression && is_of_layer(*expression); };
  return std::ranges::any_of(set.sizes, [](auto const& size) { return is_of_layer(size.expression); }) ||
         std::ranges::any_of(set.rules, [&](Rule const& rule) {
           return std::ranges::any_of(rule.shape, of_layer) ||
                  std::ranges::any_of(rule.sections, [&](SectionRule const& section) {
                    return of_layer(section.size) || of_layer(section.heads) || of_layer(section.unit);
                  });
         });
}

}  // namespace distload::rules
