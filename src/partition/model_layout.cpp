// The rules of a family applied to a checkpoint.
#include <distload/partition/model_layout.hpp>

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <distload/base/error.hpp>

#include "partition/cut.hpp"
#include "partition/find_fusions.hpp"
#include "partition/missing.hpp"
#include "partition/problems.hpp"
#include "partition/rule_match.hpp"
#include "partition/rule_problem.hpp"
#include "partition/rule_reader.hpp"
#include "partition/scale_cut.hpp"
#include "partition/stages.hpp"

namespace distload {
namespace {

using rules::RuleProblem;

/// The size that pipeline stages are made of.
constexpr char const* kLayers = "layers";
constexpr auto kUnlimited = std::numeric_limits<std::uint64_t>::max();
constexpr char const* kExtraLayers = "extra_layers";
/// The size that expert-parallel groups share out.
constexpr char const* kExperts = "experts";

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
      attempt(tensor, [&] {
        if (auto made = parameter(i, tensor)) layout.parameters.push_back(*std::move(made));
      });
    }
    mark_added_once(layout);
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
      if (match->name.layer && !rule.optional && *match->name.layer < sizes_.find(kLayers).value_or(kUnlimited)) {
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
      parameter.partition = sized.partition_of(tensor.shape);
      parameter.stages = stages(rule, match.name.layer);
      parameter.experts = experts(rule, match.name.expert, tensor.shape);
    } catch (RuleProblem const& problem) {
      throw at_rule(problem.what());
    }
    if (auto const extra = alias_stages_.find(index); extra != alias_stages_.end()) {
      std::set<std::uint32_t> all(parameter.stages.begin(), parameter.stages.end());
      all.insert(extra->second.begin(), extra->second.end());
      parameter.stages.assign(all.begin(), all.end());
    }
    if (options_.uneven && rule.uneven) {
      for (auto& section : parameter.partition.sections) section.uneven = true;
    }
    parameter.transposed = options_.transpose && is_linear(parameter.partition, tensor.shape.size());
    if (parameter.experts) return parameter;  // whole, whatever the ranks
    if (parameter.partition.kind != PartitionKind::vocab_parallel) {
      for (auto const& section : parameter.partition.sections) {
        if (!section.uneven) shared_units_.emplace(section.size / section.unit, section.replicate_units);
      }
    }
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
    auto weight = find_name(names->weight);
    if (!weight) weight = find_name(names->module);
    if (!weight) return std::nullopt;
    auto const& weight_shape = catalog_.tensors[*weight].shape;
    auto const match = find_rule(set_, catalog_.tensors[*weight].name);
    if (!match) return std::nullopt;
    auto parameter = parameter_by(*match, *weight, catalog_.tensors[*weight]);
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

  std::optional<ExpertPlacement> experts(rules::Rule const& rule, std::optional<std::uint32_t> expert,
                                         Shape const& shape) const {
    auto const groups = topology_.expert_parallel;
    if (groups == 1 || (!expert && !rule.expert_axis)) return std::nullopt;
    auto const count = sizes_.find(kExperts);
    if (!count) throw RuleProblem("the size `experts` is unknown, which topology.expert_parallel needs");
    if (*count % groups != 0) {
      throw RuleProblem(std::to_string(*count) + " experts do not divide by topology.expert_parallel " +
                        std::to_string(groups));
    }
    if (!expert) {
      auto const axis = *rule.expert_axis;
      if (axis < shape.size() && shape[axis] == *count) return ExpertPlacement{std::nullopt, axis};
      throw RuleProblem("config.json says that there are " + std::to_string(*count) +
                        " experts, which must stand along axis " + std::to_string(axis));
    }
    if (*expert >= *count)
      throw RuleProblem("config.json says that there are only " + std::to_string(*count) + " experts");
    return ExpertPlacement{static_cast<std::uint32_t>(*expert / (*count / groups)), 0};
  }

  /// "x.bias" that every rank holds is the bias of a row-parallel layer if "x.weight" is cut that way.
  void mark_added_once(ModelLayout& layout) const {
    constexpr std::string_view kBias = ".bias";
    auto const name_of = [&](Parameter const& parameter) -> std::string const& {
      return catalog_.tensors[parameter.tensor].name;
    };
    for (auto& parameter : layout.parameters) {
      auto const& name = name_of(parameter);
      if (parameter.partition.kind != PartitionKind::replicated || !name.ends_with(kBias)) continue;
      auto const weight = name.substr(0, name.size() - kBias.size()) + ".weight";
      auto const found = std::ranges::lower_bound(layout.parameters, weight, {}, name_of);
      parameter.added_once = found != layout.parameters.end() && name_of(*found) == weight &&
                             found->partition.kind == PartitionKind::row_parallel && !found->experts;
    }
  }

  void find_missing(ModelLayout const& layout) {
    std::vector<std::string_view> names;
    for (auto const& tensor : catalog_.tensors) names.emplace_back(tensor.name);
    for (auto const& alias : layout.aliases) names.emplace_back(alias.name);
    report_required(set_.required, names, missing_);
    layers_.report_incomplete(sizes_.find(kLayers), missing_);
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

  std::vector<std::uint32_t> stages(rules::Rule const& rule, std::optional<std::uint32_t> layer) const {
    if (rule.layer_offset) layer = static_cast<std::uint32_t>(layer.value_or(0) + sizes_.value(*rule.layer_offset));
    return stages_of(rule.stage, layer, sizes_.find(kLayers), topology_.pipeline_parallel, options_.pipeline_layers,
                     sizes_.find(kExtraLayers).value_or(0));
  }

  std::optional<std::uint32_t> find_name(std::string_view name) const {
    auto const found = std::ranges::lower_bound(catalog_.tensors, name, {}, &TensorInfo::name);
    if (found == catalog_.tensors.end() || found->name != name) return std::nullopt;
    return static_cast<std::uint32_t>(found - catalog_.tensors.begin());
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
      return stages(set_.rules[match.rule], match.name.layer);
    } catch (RuleProblem const& problem) {
      throw RuleProblem("its alias " + tied.alias + " (" + tied.location + "): " + problem.what());
    }
  }

  std::string message() const {
    auto const ranks = topology_.tensor_parallel;
    auto text = "the rules of " + set_.file + " do not fit " + std::to_string(problems_.count()) +
                (problems_.count() == 1 ? " tensor of " : " tensors of ") + catalog_.path + " with tensor_parallel " +
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
        return divides(Section{units.first, 1, units.second, false}, ranks);
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
  rules::LayerContents layers_;
  rules::Problems problems_;
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
