// The rules of a family applied to a checkpoint.
#include <distload/partition/model_layout.hpp>

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <distload/base/error.hpp>

#include "partition/added_once.hpp"
#include "partition/cut.hpp"
#include "partition/experts.hpp"
#include "partition/find_fusions.hpp"
#include "partition/fitting_ranks.hpp"
#include "partition/missing.hpp"
#include "partition/problems.hpp"
#include "partition/rules/rule_match.hpp"
#include "partition/rules/rule_problem.hpp"
#include "partition/rules/rule_reader.hpp"
#include "partition/scale_cut.hpp"
#include "partition/stages.hpp"
#include "partition/ties.hpp"

namespace distload {
namespace {

using rules::RuleProblem;

constexpr auto kUnlimited = std::numeric_limits<std::uint64_t>::max();

/// Of a layer whose weight is stored as [out, in], alone or with those of all experts before it.
bool is_linear(Partition const& partition, std::size_t axes) {
  if (axes < 2) return false;
  return (partition.kind == PartitionKind::column_parallel && partition.axis == axes - 2) ||
         (partition.kind == PartitionKind::row_parallel && partition.axis == axes - 1);
}

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
        sizes_(set.sizes, config),
        stages_(sizes_, topology.pipeline_parallel, options.pipeline_layers),
        ties_(catalog, set, config, stages_, problems_) {
    sized_rules_.reserve(set.rules.size());
    for (auto const& rule : set.rules) sized_rules_.emplace_back(rule, sizes_);
  }

  ModelLayout make(std::string const& family) {
    ModelLayout layout;
    layout.family = family;
    layout.aliases = ties_.aliases();
    for (std::uint32_t i = 0; i < catalog_.tensors.size(); ++i) {
      if (ties_.is_alias(i)) continue;
      auto const& tensor = catalog_.tensors[i];
      attempt(tensor, [&] {
        if (auto made = parameter(i, tensor)) layout.parameters.push_back(*std::move(made));
      });
    }
    rules::mark_added_once(catalog_, layout);
    find_missing(layout);
    for (auto const& name : options_.fuse) {
      find_fusions(rules::fused_rule(set_, name, "model.fuse"), catalog_, layout, problems_);
    }
    for (auto const& name : options_.split) {
      find_splits(rules::fused_rule(set_, name, "model.split"), catalog_, layout, problems_);
    }
    report(missing_, options_.missing, "missing", layout);
    report(unexpected_, options_.unexpected, "unexpected, and not loaded", layout);
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

  /// Nothing if no rule matches.
  std::optional<Parameter> parameter(std::uint32_t index, TensorInfo const& tensor) {
    if (auto const match = find_rule(set_, tensor.name)) {
      auto const& rule = set_.rules[match->rule];
      // Those after the model's own layers are like no other.
      if (match->name.layer && !rule.optional && *match->name.layer < stages_.layers().value_or(kUnlimited)) {
        layers_.add(tensor.name, match->name.layer_at, *match->name.layer, tensor.shape);
      }
      return parameter_by(*match, index, tensor);
    }
    if (auto scale = scale_of_weight(index, tensor)) return scale;
    unexpected_.add("no rule of " + set_.file + " matches", tensor.name, tensor.shape);
    return std::nullopt;
  }

  Parameter parameter_by(rules::RuleMatch const& match, std::uint32_t index, TensorInfo const& tensor) {
    auto const& rule = set_.rules[match.rule];
    auto const& sized = sized_rules_[match.rule];
    auto const at_rule = [&](std::string const& what) { return RuleProblem(what + " (" + rule.location + ")"); };

    Parameter parameter{index, {}, {}, rule.location};
    try {
      sized.check_shape(tensor.name, tensor.shape);
      parameter.partition = sized.partition_of(tensor.shape);
      parameter.stages = stages_.of(rule, match.name.layer);
      parameter.experts =
          rules::place_experts(rule, match.name.expert, tensor.shape, sizes_, topology_.expert_parallel);
    } catch (RuleProblem const& problem) {
      throw at_rule(problem.what());
    }
    ties_.add_stages(index, parameter.stages);
    if (options_.uneven && rule.uneven) {
      for (auto& section : parameter.partition.sections) section.uneven = true;
    }
    parameter.transposed = options_.transpose && is_linear(parameter.partition, tensor.shape.size());
    if (parameter.experts) return parameter;  // whole, whatever the ranks
    fitting_ranks_.add(parameter.partition);
    if (auto const why = sized.indivisible(parameter.partition, topology_.tensor_parallel)) {
      indivisible_ = true;
      throw at_rule(*why + (rule.uneven ? "; topology.uneven: allow would cut them unevenly" : ""));
    }
    return parameter;
  }

  /// The scale of a quantized weight lies where the weight lies.
  std::optional<Parameter> scale_of_weight(std::uint32_t index, TensorInfo const& tensor) {
    auto const names = rules::scaled_names(tensor.name);
    if (!names) return std::nullopt;
    auto const* weight = catalog_.find(names->weight);
    if (weight == nullptr) weight = catalog_.find(names->module);
    if (weight == nullptr) return std::nullopt;
    auto const& weight_shape = weight->shape;
    auto const match = find_rule(set_, weight->name);
    if (!match) return std::nullopt;
    auto parameter = parameter_by(*match, static_cast<std::uint32_t>(weight - catalog_.tensors.data()), *weight);
    auto const cut = rules::cut_scale(parameter.partition, weight_shape, tensor.shape,
                                      block_along(parameter.partition.axis, weight_shape.size()));
    auto const of_weight = std::exchange(parameter.partition, cut.partition);
    parameter.tensor = index;
    parameter.is_scale = true;
    parameter.transposed = parameter.transposed && tensor.shape.size() == weight_shape.size();
    if (!parameter.experts) {
      auto const why = rules::misaligned_scale(of_weight, weight_shape, cut, topology_.tensor_parallel);
      if (why) throw RuleProblem(*why + " (" + parameter.rule + ")");
    } else if (!parameter.experts->group &&
               (parameter.experts->axis >= tensor.shape.size() ||
                tensor.shape[parameter.experts->axis] != weight_shape[parameter.experts->axis])) {
      throw RuleProblem("it has no scales for each expert, which expert parallelism needs (" + parameter.rule + ")");
    }
    return parameter;
  }

  /// Elements along an axis of a weight that share a scale, if config.json says so, of the last two axes.
  std::optional<std::uint64_t> block_along(std::size_t axis, std::size_t axes) const {
    if (axis + 2 < axes) return std::nullopt;
    return config_.size("quantization_config.weight_block_size." + std::to_string(axis + 2 - axes));
  }

  void find_missing(ModelLayout const& layout) {
    std::vector<std::string_view> names;
    for (auto const& tensor : catalog_.tensors) names.emplace_back(tensor.name);
    for (auto const& alias : layout.aliases) names.emplace_back(alias.name);
    report_required(set_.required, names, missing_);
    layers_.report_incomplete(stages_.layers(), missing_);
  }

  /// Joins `found` to the problems, or to the warnings.
  void report(rules::Problems const& found, Tolerance tolerance, std::string const& what, ModelLayout& layout) {
    if (found.empty() || tolerance == Tolerance::ignore) return;
    if (tolerance == Tolerance::error) {
      problems_.add(found);
    } else {
      layout.warnings.push_back(catalog_.path + ": " + std::to_string(found.count()) + " tensors are " + what + ":" +
                                found.describe());
    }
  }

  std::string message() const {
    auto const ranks = topology_.tensor_parallel;
    auto text = "the rules of " + set_.file + " do not fit " + std::to_string(problems_.count()) +
                (problems_.count() == 1 ? " tensor of " : " tensors of ") + catalog_.path + " with tensor_parallel " +
                std::to_string(ranks) + " and pipeline_parallel " + std::to_string(topology_.pipeline_parallel) + ":" +
                problems_.describe();
    if (indivisible_) text += "\n  tensor_parallel could be " + fitting_ranks_.list(std::max(64U, 2 * ranks));
    return text;
  }

  Catalog const& catalog_;
  Topology const& topology_;
  rules::RuleSet const& set_;
  rules::ModelConfig const& config_;
  LayoutOptions const& options_;
  rules::Sizes sizes_;
  rules::Problems problems_;
  rules::StageFinder stages_;
  rules::Ties ties_;
  std::vector<rules::SizedRule> sized_rules_;  ///< of the same index in the rule set
  rules::FittingRanks fitting_ranks_;
  rules::LayerContents layers_;
  rules::Problems missing_;
  rules::Problems unexpected_;
  bool indivisible_ = false;
};

/// Removes the rules that are not for this model.
void drop_rules(rules::RuleSet& set, rules::ModelConfig const& config) {
  try {
    std::map<std::string, bool> flags;
    for (auto const& [key, otherwise] : set.flags) flags[key] = config.boolean(key).value_or(otherwise);
    std::erase_if(set.rules, [&](rules::Rule const& rule) {
      return std::ranges::any_of(rule.when, [&](rules::Flag const& flag) { return flags.at(flag.key) != flag.value; });
    });
  } catch (RuleProblem const& problem) {
    throw ConfigError(problem.what());
  }
}

}  // namespace

ModelLayout partition_model(Catalog const& catalog, Topology const& topology, FamilyRules const& family,
                            std::string_view config_json, LayoutOptions const& options) {
  assert(topology.ranks() > 0);
  if (!options.pipeline_layers.empty() && options.pipeline_layers.size() != topology.pipeline_parallel) {
    throw ConfigError("topology.pipeline_layers names " + std::to_string(options.pipeline_layers.size()) +
                      " stages, but topology.pipeline_parallel is " + std::to_string(topology.pipeline_parallel));
  }
  auto set = rules::read_rules(family);
  rules::ModelConfig const config(config_json);
  drop_rules(set, config);
  return Layouter(catalog, topology, set, config, options).make(family.family);
}

ModelLayout partition_model(Catalog const& catalog, Topology const& topology, RulesSource const& source,
                            LayoutOptions const& options) {
  return partition_model(catalog, topology, find_rules(source), source.config_json, options);
}

}  // namespace distload
