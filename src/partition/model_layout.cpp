// The rules of a family applied to a checkpoint.
#include <distload/partition/model_layout.hpp>

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <distload/base/error.hpp>

#include "partition/cut.hpp"
#include "partition/problems.hpp"
#include "partition/rule_match.hpp"
#include "partition/rule_problem.hpp"
#include "partition/rule_reader.hpp"
#include "partition/stages.hpp"

namespace distload {
namespace {

using rules::RuleProblem;

/// The size that pipeline stages are made of.
constexpr char const* kLayers = "layers";

/// One model's parameters on their way to a layout.
class Layouter {
 public:
  Layouter(Catalog const& catalog, Topology const& topology, rules::RuleSet const& set,
           rules::ModelConfig const& config, LayoutOptions const& options)
      : catalog_(catalog),
        topology_(topology),
        set_(set),
        config_(config),
        options_(options),
        sizes_(set.sizes, config) {
    sized_rules_.reserve(set.rules.size());
    for (auto const& rule : set.rules) sized_rules_.emplace_back(rule, sizes_);
  }

  ModelLayout make(std::string const& family) {
    ModelLayout layout;
    layout.family = family;
    find_aliases(layout);
    for (std::uint32_t i = 0; i < catalog_.tensors.size(); ++i) {
      if (aliased_tensors_.contains(i)) continue;
      auto const& tensor = catalog_.tensors[i];
      attempt(tensor, [&] { layout.parameters.push_back(parameter(i, tensor)); });
    }
    if (!problems_.empty()) throw ConfigError(message());
    return layout;
  }

 private:
  template <typename Action>
  void attempt(TensorInfo const& tensor, Action const& action) {
    try {
      action();
    } catch (RuleProblem const& problem) {
      problems_.add(problem.what(), tensor.name, tensor.shape);
    }
  }

  Parameter parameter(std::uint32_t index, TensorInfo const& tensor) {
    auto const match = match_rule(set_, tensor.name);
    auto const& rule = set_.rules[match.rule];
    auto const& sized = sized_rules_[match.rule];
    auto const at_rule = [&](std::string const& what) { return RuleProblem(what + " (" + rule.location + ")"); };

    Parameter parameter{index, {}, {}, rule.location};
    try {
      parameter.partition = sized.partition_of(tensor.shape);
      parameter.stages = stages(rule, match.layer);
    } catch (RuleProblem const& problem) {
      throw at_rule(problem.what());
    }
    if (auto const extra = alias_stages_.find(index); extra != alias_stages_.end()) {
      std::set<std::uint32_t> all(parameter.stages.begin(), parameter.stages.end());
      all.insert(extra->second.begin(), extra->second.end());
      parameter.stages.assign(all.begin(), all.end());
    }
    if (parameter.partition.kind != PartitionKind::vocab_parallel) {
      for (auto const& section : parameter.partition.sections) {
        shared_units_.emplace(section.size / section.unit, section.replicate_units);
      }
    }
    if (auto const why = sized.indivisible(parameter.partition, topology_.tensor_parallel)) {
      indivisible_ = true;
      throw at_rule(*why);
    }
    return parameter;
  }

  std::vector<std::uint32_t> stages(rules::Rule const& rule, std::optional<std::uint32_t> layer) const {
    return stages_of(rule.stage, layer, sizes_.find(kLayers), topology_.pipeline_parallel, options_.pipeline_layers);
  }

  /// The first tensor that one of `patterns` matches.
  std::optional<std::uint32_t> find_tensor(std::vector<rules::Pattern> const& patterns) const {
    for (std::uint32_t i = 0; i < catalog_.tensors.size(); ++i) {
      if (any_matches(patterns, catalog_.tensors[i].name)) return i;
    }
    return std::nullopt;
  }

  void find_aliases(ModelLayout& layout) {
    for (auto const& tied : set_.tied) {
      auto const target = find_tensor(tied.target);
      if (!target) continue;
      attempt(catalog_.tensors[*target], [&] {
        if (tied.when && !config_.boolean(*tied.when).value_or(tied.when_absent)) return;
        if (!tied.needs.empty() && !find_tensor(tied.needs)) return;
        if (find_tensor(tied.unless)) return;
        add_alias(tied, *target, layout);
      });
    }
  }

  /// The target lives where the alias is used, too.
  void add_alias(rules::TiedRule const& tied, std::uint32_t target, ModelLayout& layout) {
    auto const& original = catalog_.tensors[target];
    auto const stored = std::find_if(catalog_.tensors.begin(), catalog_.tensors.end(),
                                     [&](TensorInfo const& tensor) { return tensor.name == tied.alias; });
    if (stored != catalog_.tensors.end()) {
      if (stored->shape != original.shape || stored->dtype != original.dtype) {
        throw RuleProblem("the checkpoint stores " + tied.alias +
                          ", which is tied to it, with another shape or dtype (" + tied.location + ")");
      }
      aliased_tensors_.insert(static_cast<std::uint32_t>(stored - catalog_.tensors.begin()));
    }
    auto const alias_stages = stages_of_alias(tied);
    alias_stages_[target].insert(alias_stages.begin(), alias_stages.end());
    layout.aliases.push_back({tied.alias, original.name});
  }

  std::vector<std::uint32_t> stages_of_alias(rules::TiedRule const& tied) const {
    try {
      auto const match = match_rule(set_, tied.alias);
      return stages(set_.rules[match.rule], match.layer);
    } catch (RuleProblem const& problem) {
      throw RuleProblem("its alias " + tied.alias + " (" + tied.location + "): " + problem.what());
    }
  }

  std::string message() const {
    auto const ranks = topology_.tensor_parallel;
    auto text = "the rules of " + set_.file + " do not fit " + std::to_string(problems_.count()) + " of " +
                std::to_string(catalog_.tensors.size()) + " tensors of " + catalog_.path + " with tensor_parallel " +
                std::to_string(ranks) + " and pipeline_parallel " + std::to_string(topology_.pipeline_parallel) + ":" +
                problems_.describe();
    if (indivisible_) text += "\n  tensor_parallel could be " + fitting_ranks(std::max(64U, 2 * ranks));
    return text;
  }

  /// The numbers of ranks up to `most` that every parameter can be shared out among.
  std::string fitting_ranks(std::uint32_t most) const {
    std::string list;
    for (std::uint32_t ranks = 1; ranks <= most; ++ranks) {
      auto const fits = std::all_of(shared_units_.begin(), shared_units_.end(), [&](auto const& units) {
        return divides(Section{units.first, 1, units.second}, ranks);
      });
      if (fits) list += (list.empty() ? "" : ", ") + std::to_string(ranks);
    }
    return list;
  }

  Catalog const& catalog_;
  Topology const& topology_;
  rules::RuleSet const& set_;
  rules::ModelConfig const& config_;
  LayoutOptions const& options_;
  rules::Sizes sizes_;
  std::vector<rules::SizedRule> sized_rules_;                      ///< of the same index in the rule set
  std::set<std::uint32_t> aliased_tensors_;                        ///< stored, but not loaded by themselves
  std::map<std::uint32_t, std::set<std::uint32_t>> alias_stages_;  ///< by target
  std::set<std::pair<std::uint64_t, bool>>
      shared_units_;  ///< units and whether they may be replicated, of all sections
  rules::Problems problems_;
  bool indivisible_ = false;
};

}  // namespace

ModelLayout partition_model(Catalog const& catalog, Topology const& topology, FamilyRules const& family,
                            std::string_view config_json, LayoutOptions const& options) {
  assert(topology.ranks() > 0);
  if (!options.pipeline_layers.empty() && options.pipeline_layers.size() != topology.pipeline_parallel) {
    throw ConfigError("topology.pipeline_layers names " + std::to_string(options.pipeline_layers.size()) +
                      " stages, but topology.pipeline_parallel is " + std::to_string(topology.pipeline_parallel));
  }
  auto const set = rules::read_rules(family.text, family.file);
  rules::ModelConfig const config(config_json);
  return Layouter(catalog, topology, set, config, options).make(family.family);
}

ModelLayout partition_model(Catalog const& catalog, Topology const& topology, RulesSource const& source,
                            LayoutOptions const& options) {
  return partition_model(catalog, topology, find_rules(source), source.config_json, options);
}

}  // namespace distload
