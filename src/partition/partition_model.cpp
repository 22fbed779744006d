// Applies the rules of a family to a checkpoint.
#include "partition/partition_model.hpp"

#include <algorithm>
#include <cassert>
#include <deque>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "checkpoint/packed_shape.hpp"
#include "checkpoint/safetensors/model_config_file.hpp"
#include "partition/added_once.hpp"
#include "partition/companion_cut.hpp"
#include "partition/companions.hpp"
#include "partition/cut.hpp"
#include "partition/experts.hpp"
#include "partition/find_fusions.hpp"
#include "partition/fitting_ranks.hpp"
#include "partition/indivisible.hpp"
#include "partition/missing.hpp"
#include "partition/packed_cut.hpp"
#include "partition/prefix.hpp"
#include "partition/problems.hpp"
#include "partition/rules/model_rules.hpp"
#include "partition/rules/rule_match.hpp"
#include "partition/rules/rule_problem.hpp"
#include "partition/rules/rule_reader.hpp"
#include "partition/stages.hpp"
#include "partition/ties.hpp"

namespace distload {
namespace {

using rules::ConfigProblem;
using rules::RuleProblem;

/// Marks a missing index.
constexpr auto kNone = std::numeric_limits<std::size_t>::max();

/// How many problems of config.json a message shows.
constexpr std::size_t kShownConfigProblems = 20;

/// True for the weight of a layer stored as [out, in], alone or with an axis of experts in front.
bool is_linear(Partition const& partition, std::size_t axes) {
  if (axes != 2 && axes != 3) return false;
  return (partition.kind == PartitionKind::column_parallel && partition.axis == axes - 2) ||
         (partition.kind == PartitionKind::row_parallel && partition.axis == axes - 1);
}

/// Builds a layout from a model's parameters.
class Layouter {
 public:
  Layouter(Catalog const& catalog, Topology const& topology, rules::RuleSet const& set,
           rules::ConfigValues const& config, LayoutOptions const& options)
      : catalog_(catalog),
        topology_(topology),
        set_(set),
        config_(config),
        options_(options),
        rule_finder_(set, config),
        sizes_(set.sizes, config),
        stages_(sizes_, topology.pipeline_parallel, options.pipeline_layers),
        companions_(catalog, set, config),
        ties_(catalog, set, rule_finder_, config, stages_, options.same_bytes, problems_),
        parameter_of_(catalog.tensors.size(), kNone) {
    sized_rules_.reserve(set.rules.size());
    for (auto const& rule : set.rules) sized_rules_.emplace_back(rule, sizes_);
    sizes_of_layers_ = rules::has_sizes_of_layers(set);
  }

  ModelLayout make(std::string const& family) {
    ModelLayout layout;
    layout.family = family;
    layout.aliases = ties_.aliases();
    layout.untied = ties_.untied();
    layout.warnings = ties_.warnings();
    if (options_.uneven) collect_blocks();
    apply_rules();
    cut_companions();
    layout.parameters = std::move(parameters_);
    layout.cut_words = std::move(words_);
    // Only companions are out of order.
    if (!std::ranges::is_sorted(layout.parameters, {}, &Parameter::tensor))
      std::ranges::sort(layout.parameters, {}, &Parameter::tensor);
    rules::mark_added_once(catalog_, layout);
    report_unreadable();
    find_missing(layout);
    refuse_prefix(layout);
    refuse_dense(layout);
    for (auto const& name : options_.fuse) {
      find_fusions(rules::fused_rule(set_, name, "model.fuse"), catalog_, layout, problems_);
    }
    for (auto const& name : options_.split) {
      find_splits(rules::fused_rule(set_, name, "model.split"), catalog_, layout, problems_);
    }
    report(missing_, options_.missing, "missing", layout);
    report(unexpected_, options_.unexpected, "unexpected, and not loaded", layout);
    if (!config_problems_.empty()) throw ConfigError(config_message());
    if (!problems_.empty()) throw ConfigError(message());
    return layout;
  }

 private:
  /// Refuses to divide experts that the model does not have.
  void refuse_dense(ModelLayout const& layout) const {
    if (topology_.expert_parallel <= 1 || !problems_.empty()) return;
    if (std::ranges::any_of(layout.parameters, [](Parameter const& parameter) { return !!parameter.experts; })) return;
    throw ConfigError("topology.expert_parallel is " + std::to_string(topology_.expert_parallel) + ", but " +
                      catalog_.path + " has no experts");
  }

  template <typename Action>
  void attempt(TensorInfo const& tensor, Action const& action) {
    try {
      action();
    } catch (ConfigProblem const& problem) {
      add(problem);
    } catch (RuleProblem const& problem) {
      problems_.add(problem.what(), tensor.name, tensor.shape);
    }
  }

  /// Makes parameters of the tensors that a rule matches; adds the others to `unmatched_`. A model does not need layers
  /// after its last one.
  void apply_rules() {
    parameters_.reserve(catalog_.tensors.size());
    for (std::uint32_t i = 0; i < catalog_.tensors.size(); ++i) {
      if (ties_.is_alias(i)) continue;
      auto const& tensor = catalog_.tensors[i];
      attempt(tensor, [&] {
        auto match = rule_finder_.find(tensor.name);
        auto packed = companions_.packed(i);
        // A rule for the packed tensor's own name describes that tensor.
        if (packed && match && packed->name != tensor.name) {
          packed_names_.push_back(packed->name);
          packed.reset();
        }
        if (packed) {
          refused_.insert(i);
          if (auto const why = companions_.refused(packed->format, std::nullopt)) throw RuleProblem(*why);
          match = rule_finder_.find(packed->name);
          refused_.erase(i);
        }
        if (!match) {
          unmatched_.push_back(i);
          return;
        }
        auto const& rule = set_.rules[match->rule];
        auto const& name = packed ? packed_names_.emplace_back(packed->name) : tensor.name;
        // Layers after the model's own ones may have other tensors.
        if (match->name.layer && !rule.optional && *match->name.layer < stages_.layers().value_or(rules::kMaxLayers)) {
          layers_.add(name, match->name.layer_at, *match->name.layer, tensor.shape);
        }
        refused_.insert(i);
        try {
          add(packed ? packed_parameter(*match, i, *packed) : parameter_by(*match, i, name, tensor.shape));
        } catch (rules::BeyondLastLayer const& problem) {
          beyond_.emplace(i, problem.what());
          unexpected_.add(problem.what(), tensor.name, tensor.shape);
        }
        refused_.erase(i);
      });
    }
  }

  /// The same for a problem of many tensors, which is reported once.
  void add(ConfigProblem const& problem) {
    if (config_problems_.size() < kShownConfigProblems) config_problems_.try_emplace(problem.what(), rule_);
  }

  void add(Parameter parameter) {
    parameter_of_[parameter.tensor] = parameters_.size();
    parameters_.push_back(std::move(parameter));
  }

  /// Partitions companions without a rule of their own like their weights, and checks the others against their weights.
  void cut_companions() {
    auto const with_rule = parameters_.size();
    for (auto const index : unmatched_) {
      auto const& tensor = catalog_.tensors[index];
      auto const companion = companion_of(tensor.name);
      if (!companion || !companion->is_active) {
        add_unexpected(tensor);
        continue;
      }
      if (refused_.contains(companion->weight)) continue;  // already reported
      auto const& weight = catalog_.tensors[companion->weight];
      if (auto const beyond = beyond_.find(companion->weight); beyond != beyond_.end()) {
        unexpected_.add(beyond->second, tensor.name, tensor.shape, weight.name);
        continue;
      }
      rule_ = companions_.format(companion->format).location;
      try {
        if (auto made = cut_with_weight(index, *companion)) {
          add(*std::move(made));
        } else {
          add_unexpected(tensor);
        }
      } catch (ConfigProblem const& problem) {
        add(problem);
      } catch (RuleProblem const& problem) {
        problems_.add(problem.what(), tensor.name, tensor.shape, weight.name);
      }
    }
    for (std::size_t i = 0; i < with_rule; ++i) {
      auto const index = parameters_[i].tensor;
      auto const companion = companions_.find(catalog_.tensors[index].name);
      if (companion && parameter_of_[companion->weight] != kNone) {
        attempt(catalog_.tensors[index],
                [&] { check_own_rules(*companion, parameters_[parameter_of_[companion->weight]], parameters_[i]); });
      }
    }
  }

  /// A companion of an unfused part of a fused weight belongs to the fused weight.
  std::optional<rules::Companion> companion_of(std::string const& name) const {
    if (auto const found = companions_.find(name)) return found;
    for (auto const& fused : set_.fused) {
      for (auto const& part : fused.parts) {
        auto const of_whole = rules::replaced(name, part, fused.whole);
        if (!of_whole) continue;
        if (auto const found = companions_.find(*of_whole)) return found;
      }
    }
    return std::nullopt;
  }

  /// Reports the tensors that cannot be loaded: as missing if their file does not hold them, as unexpected if the model
  /// does not need them.
  void report_unreadable() {
    for (auto const& tensor : catalog_.unreadable) {
      try {
        auto const match = rule_finder_.find(tensor.name);
        if (match && match->name.layer) {
          layers_.add(tensor.name, match->name.layer_at, *match->name.layer, {});
        }
        auto const companion = match ? std::nullopt : companion_of(tensor.name);
        if (tensor.absent) {
          missing_.add(tensor.why, tensor.name);
        } else if (match || (companion && companion->is_active)) {
          problems_.add(tensor.why, tensor.name);
        } else {
          unexpected_.add("no rule of " + set_.file + " matches, and it " + tensor.why, tensor.name);
        }
      } catch (RuleProblem const& problem) {
        problems_.add(problem.what(), tensor.name);
      }
    }
  }

  /// Says in one line, instead of listing every tensor as unexpected and another one as missing, that a wrapper has put
  /// something in front of the names.
  void refuse_prefix(ModelLayout& layout) {
    auto const prefix = rules::prefix_of(catalog_, unmatched_, rule_finder_, companions_);
    if (!prefix) return;
    auto const shown = printable(*prefix);
    auto const text = catalog_.path + ": the names of " + std::to_string(prefix_count(*prefix)) + " of " +
                      std::to_string(catalog_.tensors.size()) + " tensors begin with " + shown +
                      ", which stands before the names that the rules of " + set_.file + " match, e.g. in " +
                      printable(catalog_.tensors[unmatched_.front()].name) + "; model.strip_prefix: " + shown +
                      " removes it";
    if (options_.unexpected == Tolerance::error || options_.missing == Tolerance::error) throw ConfigError(text);
    layout.warnings.push_back(text);
  }

  std::size_t prefix_count(std::string const& prefix) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(catalog_.tensors, [&](auto const& tensor) { return tensor.name.starts_with(prefix); }));
  }

  void add_unexpected(TensorInfo const& tensor) {
    auto const text = "no rule of " + set_.file + " matches";
    if (auto const* const weight = rules::weight_beside(catalog_, tensor.name)) {
      unexpected_.add(text + ", and how they are cut does not follow from the weights beside which they stand",
                      tensor.name, tensor.shape, weight->name);
    } else {
      unexpected_.add(text, tensor.name, tensor.shape);
    }
  }

  /// The rule with the sizes of the model, or of the layer if some differ between layers.
  rules::SizedRule const& sized_rule(rules::RuleMatch const& match) {
    auto const layer = match.name.layer;
    if (!sizes_of_layers_ || !layer) return sized_rules_[match.rule];
    auto& of_layer = rules_of_layers_[*layer];
    if (of_layer.empty()) {
      rules::Sizes const sizes(set_.sizes, config_, layer);
      for (auto const& rule : set_.rules) of_layer.emplace_back(rule, sizes);
    }
    return of_layer[match.rule];
  }

  /// @param name, shape  of the tensor, or of the weight that it stores in packed form
  Parameter parameter_by(rules::RuleMatch const& match, std::uint32_t index, std::string const& name,
                         Shape const& shape) {
    auto const& rule = set_.rules[match.rule];
    auto const& sized = sized_rule(match);
    auto const dtype = catalog_.tensors[index].dtype;
    rule_ = rule.location;
    auto const at_rule = [&](std::string const& what) { return RuleProblem(what + " (" + rule.location + ")"); };

    Parameter parameter{index, {}, {}, rule.location};
    try {
      parameter.layer = match.name.layer;
      parameter.stages = stages_.of(rule, match.name.layer);
      auto const numbers = shape_in_numbers(dtype, shape);
      sized.check_shape(name, numbers);
      parameter.partition = rules::in_units(sized.partition_of(numbers, match.name.head), dtype, numbers);
      parameter.experts = rules::place_experts(rule, match.name.expert, shape, sizes_, topology_.expert_parallel);
    } catch (ConfigProblem const&) {
      throw;
    } catch (rules::BeyondLastLayer const&) {
      throw;
    } catch (RuleProblem const& problem) {
      throw at_rule(problem.what());
    }
    if (parameter.partition.kind != PartitionKind::replicated) words_.try_emplace(rule.location, sized.words());
    ties_.add_stages(index, parameter.stages);
    parameter.keep_dtype = keeps_dtype(rule, catalog_.tensors[index]);
    if (options_.uneven && rule.uneven) {
      for (auto& section : parameter.partition.sections) make_uneven(section);
    }
    parameter.transposed = options_.transpose && is_linear(parameter.partition, shape.size());
    if (parameter.transposed && elements_per_unit(dtype) > 1) {
      throw at_rule("several numbers of " + std::string(name_of(dtype)) +
                    " share a byte, so that load.transpose cannot transpose them");
    }
    if (parameter.experts) return parameter;  // placed whole, independent of the ranks
    fitting_ranks_.add(parameter.partition);
    if (auto const why = indivisible(parameter.partition, topology_.tensor_parallel, sized.words())) {
      indivisible_ = true;
      throw at_rule(*why + (rule.uneven ? "; topology.uneven: allow would cut them unevenly" : ""));
    }
    return parameter;
  }

  bool keeps_dtype(rules::Rule const& rule, TensorInfo const& tensor) const {
    switch (rule.keep_dtype) {
      case rules::KeepDType::never: return false;
      case rules::KeepDType::always: return true;
      case rules::KeepDType::of_f32: return tensor.dtype == DType::f32;
      case rules::KeepDType::of_companions: break;
    }
    return companions_.find(tensor.name).has_value();
  }

  /// Units that are cut unevenly are whole blocks; matrices with as many units are cut at the same places, so that the
  /// outputs of one fit the inputs of the next.
  void make_uneven(Section& section) const {
    section.uneven = true;
    auto const units = section.size / section.unit;
    auto const together = blocks_.find(units);
    if (together != blocks_.end() && units % together->second == 0) section.unit *= together->second;
  }

  /// Finds out how many units have to stay together, by their number, where formats have blocks of several.
  void collect_blocks() {
    for (std::uint32_t i = 0; i < catalog_.tensors.size(); ++i) {
      auto const& tensor = catalog_.tensors[i];
      if (ties_.is_alias(i)) continue;
      try {
        auto match = rule_finder_.find(tensor.name);
        if (auto const packed = companions_.packed(i); packed && (!match || packed->name == tensor.name)) {
          match = rule_finder_.find(packed->name);
          if (match && set_.rules[match->rule].uneven) {
            auto const unpacked = unpack(*match, *packed, tensor.shape);
            add_blocks(sized_rule(*match).partition_of(unpacked.shape), unpacked.axes);
          }
        } else if (auto const companion = match ? std::nullopt : companion_of(tensor.name);
                   companion && companion->is_active) {
          add_blocks(*companion, tensor);
        }
      } catch (RuleProblem const&) {
        // Reported when the rules are applied.
      }
    }
  }

  void add_blocks(rules::Companion companion, TensorInfo const& tensor) {
    auto const& weight = catalog_.tensors[companion.weight];
    auto match = rule_finder_.find(weight.name);
    auto shape = weight.shape;
    if (auto const packed = companions_.packed(companion.weight); packed && (!match || packed->name == weight.name)) {
      match = rule_finder_.find(packed->name);
      if (match) {
        auto const unpacked = unpack(*match, *packed, weight.shape);
        shape = unpacked.shape;
        companion.by_module = unpacked.by_module;
      }
    }
    if (!match || !set_.rules[match->rule].uneven) return;
    auto const numbers = shape_in_numbers(weight.dtype, shape);
    auto const partition = rules::in_units(sized_rule(*match).partition_of(numbers), weight.dtype, numbers);
    add_blocks(partition,
               companions_.follow(companion, shape, axes_of(match->rule, shape), partition.axis, tensor.shape));
  }

  void add_blocks(Partition const& partition, rules::AxisMap const& axes) {
    if (partition.kind == PartitionKind::replicated || !axes[partition.axis]) return;
    auto const block = axes[partition.axis]->block;
    for (auto const& section : partition.sections) {
      auto& together = blocks_.try_emplace(section.size / section.unit, 1).first->second;
      together = std::lcm(together, std::lcm(block, section.unit) / section.unit);
    }
  }

  /// The axes of a weight that a rule cuts. A format that packs weights goes by what is an output and an input; where a
  /// weight has its own shape, the tensors beside it have theirs in the same order.
  rules::WeightAxes axes_of(std::size_t rule, Shape const& shape) const {
    auto const axes = shape.size();
    if (axes < 2) return {};
    return is_reversed(rule, axes) ? rules::WeightAxes{axes - 1, axes - 2} : rules::WeightAxes{axes - 2, axes - 1};
  }

  /// True if a rule cuts weights that are stored as [in, out].
  bool is_reversed(std::size_t index, std::size_t axes) const {
    auto const& rule = set_.rules[index];
    return axes >= 2 && ((rule.partition == PartitionKind::column_parallel && rule.axis == axes - 1) ||
                         (rule.partition == PartitionKind::row_parallel && rule.axis == axes - 2));
  }

  rules::UnpackedWeight unpack(rules::RuleMatch const& match, rules::PackedWeight const& packed, Shape const& stored) {
    auto const& of_weight = companions_.format(packed.format).weight->shape;
    auto const leading = stored.size() - std::min(stored.size(), of_weight.size());
    auto const reversed = is_reversed(match.rule, leading + 2);
    for (std::size_t value = 0; value < companions_.values_by_module(packed.format); ++value) {
      try {
        auto unpacked = companions_.unpack(packed, stored, reversed, value);
        sized_rule(match).check_shape(packed.name, unpacked.shape);
        sized_rule(match).partition_of(unpacked.shape, match.name.head);
        return unpacked;
      } catch (RuleProblem const&) {
        // Another value may fit; if none does, the rule refuses the shape that config.json gives.
      }
    }
    return companions_.unpack(packed, stored, reversed);
  }

  /// The parameter of a weight that is stored in packed form. Its rule describes the weight as it is without that.
  Parameter packed_parameter(rules::RuleMatch const& match, std::uint32_t index, rules::PackedWeight const& packed) {
    auto const& tensor = catalog_.tensors[index];
    auto const unpacked = unpack(match, packed, tensor.shape);
    auto parameter = parameter_by(match, index, packed.name, unpacked.shape);
    auto const& known = unpacked_
                            .insert_or_assign(index, Unpacked{parameter.partition, unpacked.shape,
                                                              axes_of(match.rule, unpacked.shape), unpacked.by_module})
                            .first->second;
    refuse_cut(packed.format, known);
    parameter.partition = rules::cut_like(known.partition, unpacked.axes, tensor.shape);
    parameter.keep_dtype = true;
    parameter.transposed = false;
    if (parameter.experts) return parameter;
    fitting_ranks_.add(parameter.partition);
    if (auto const why = rules::misfit({known.partition, known.shape}, {parameter.partition, tensor.shape},
                                       unpacked.axes, topology_.tensor_parallel)) {
      indivisible_ = true;
      auto const [axis, block, stored] = *unpacked.axes[known.partition.axis];
      throw RuleProblem("format " + companions_.format(packed.format).name + ": " + std::to_string(block) +
                        " of the weight's elements along axis " + std::to_string(known.partition.axis) +
                        " are stored in " + (stored == 1 ? "one" : std::to_string(stored)) + ", but with " +
                        std::to_string(topology_.tensor_parallel) +
                        " tensor-parallel ranks its parts do not end there (" + parameter.rule + ")");
    }
    return parameter;
  }

  /// A weight as its rule sees it.
  struct Unpacked {
    Partition partition;
    Shape shape;
    rules::WeightAxes axes;
    std::size_t by_module = 0;
  };

  /// @throws RuleProblem  the format cannot be cut in this way.
  void refuse_cut(std::size_t format, Unpacked const& weight) {
    if (topology_.tensor_parallel == 1 || weight.partition.kind == PartitionKind::replicated) return;
    auto const axis = weight.partition.axis;
    auto const cut = axis == weight.axes.out  ? std::optional(rules::WeightAxis::out)
                     : axis == weight.axes.in ? std::optional(rules::WeightAxis::in)
                                              : std::nullopt;
    if (!cut) return;
    auto const why = companions_.refused(format, cut);
    if (!why) return;
    indivisible_ = true;
    fitting_ranks_.add({weight.partition.kind, weight.partition.axis, {{.size = 1, .unit = 1}}});  // a single rank
    throw RuleProblem(*why);
  }

  /// A companion has the placement of its weight. Nothing if no rule matches the weight.
  std::optional<Parameter> cut_with_weight(std::uint32_t index, rules::Companion const& companion) {
    auto const& tensor = catalog_.tensors[index];
    auto const& weight = catalog_.tensors[companion.weight];
    std::optional<Parameter> of_weight;
    if (auto const known = parameter_of_[companion.weight]; known != kNone) {
      of_weight = parameters_[known];
    } else if (auto const match = ties_.is_alias(companion.weight) ? rule_finder_.find(weight.name) : std::nullopt) {
      of_weight = parameter_by(*match, companion.weight, weight.name, weight.shape);
    }
    if (!of_weight) return std::nullopt;
    auto const packed = unpacked_.find(companion.weight);
    auto const axes = weight.shape.size();
    auto const plain = axes < 2 ? rules::WeightAxes{} : rules::WeightAxes{axes - 2, axes - 1};
    auto const seen = packed != unpacked_.end() ? packed->second : Unpacked{of_weight->partition, weight.shape, plain};
    auto parameter = *of_weight;
    parameter.tensor = index;
    parameter.keep_dtype = true;
    parameter.transposed = false;
    parameter.partition = {};
    rules::AxisMap map(seen.shape.size());
    if (seen.partition.kind != PartitionKind::replicated) {
      auto of_module = companion;
      of_module.by_module = seen.by_module;
      map = companions_.follow(of_module, seen.shape, seen.axes, seen.partition.axis, tensor.shape);
      parameter.partition = rules::cut_like(seen.partition, map, tensor.shape);
      // Scales of blocks lie like the weight.
      parameter.transposed = of_weight->transposed && tensor.shape.size() == weight.shape.size();
    }
    auto const& experts = parameter.experts;
    if (experts && !experts->group && volume(tensor.shape) > 1 &&
        (experts->axis >= tensor.shape.size() || tensor.shape[experts->axis] != weight.shape[experts->axis])) {
      throw RuleProblem("it has no scales for each expert, which expert parallelism needs (" + parameter.rule + ")");
    }
    if (experts) return parameter;
    fitting_ranks_.add(parameter.partition);
    require_fit(companion, parameter,
                rules::misfit({seen.partition, seen.shape}, {parameter.partition, tensor.shape}, map,
                              topology_.tensor_parallel));
    return parameter;
  }

  /// The same check for a companion and a weight that both have rules of their own.
  void check_own_rules(rules::Companion const& companion, Parameter const& of_weight, Parameter const& parameter) {
    if (unpacked_.contains(companion.weight)) return;
    if (of_weight.experts.has_value() != parameter.experts.has_value()) {
      if (parameter.partition.kind == PartitionKind::replicated) return;
      require_fit(companion, parameter, "cut where only one of weight and companion is dealt out by experts");
      return;
    }
    if (of_weight.experts) return;
    auto const& weight = catalog_.tensors[companion.weight];
    auto const& tensor = catalog_.tensors[parameter.tensor];
    auto const map = companions_.follow_stored(companion, weight.shape, tensor.shape);
    if (!map) return;
    auto const axes = weight.shape.size();
    auto const axis = of_weight.partition.axis;
    auto const block = axis + 2 < axes ? std::nullopt
                                       : companions_.block_along(companion, axis + 2 == axes ? rules::WeightAxis::out
                                                                                             : rules::WeightAxis::in);
    require_fit(companion, parameter,
                rules::misfit_by_size({of_weight.partition, weight.shape}, {parameter.partition, tensor.shape}, *map,
                                      block, topology_.tensor_parallel));
  }

  /// @throws RuleProblem  there is a reason `why` the ranks' parts of weight and companion do not match; the weight is
  ///                      then among the problems.
  void require_fit(rules::Companion const& companion, Parameter const& parameter, std::optional<std::string> why) {
    if (!why) return;
    auto const& weight = catalog_.tensors[companion.weight];
    indivisible_ = true;
    fitting_ranks_.add_even(parameter.partition);
    *why = "format " + companions_.format(companion.format).name + ": " + *why + " (" + parameter.rule + ")";
    if (misfits_.insert(companion.weight).second) problems_.add(*why, weight.name, weight.shape);
    throw RuleProblem(*why);
  }

  void find_missing(ModelLayout const& layout) {
    std::vector<std::string_view> names;
    for (auto const& tensor : catalog_.tensors) names.emplace_back(tensor.name);
    for (auto const& tensor : catalog_.unreadable) names.emplace_back(tensor.name);
    for (auto const& alias : layout.aliases) names.emplace_back(alias.name);
    for (auto const& name : packed_names_) names.emplace_back(name);
    try {
      report_required(set_, rule_finder_, sizes_, config_, stages_.layers(), names, missing_);
    } catch (ConfigProblem const& problem) {
      add(problem);
    } catch (RuleProblem const& problem) {
      problems_.add(problem.what(), set_.file);
    }
    layers_.report_incomplete(stages_.layers(), missing_);
  }

  /// Adds `found` to the problems or to the warnings.
  void report(Problems const& found, Tolerance tolerance, std::string const& what, ModelLayout& layout) {
    if (found.empty() || tolerance == Tolerance::ignore) return;
    if (tolerance == Tolerance::error) {
      problems_.add(found);
    } else {
      layout.warnings.push_back(catalog_.path + ": " + std::to_string(found.count()) + " tensors are " + what + ":" +
                                found.describe());
    }
  }

  /// What to say if an alias is missing because config.json says that it is not tied.
  std::string untied_by_config() const {
    std::string text;
    for (auto const& tied : ties_.untied_by_config()) {
      auto const names = [&](rules::RequiredRule const& rule) {
        return missing_.contains(rule.text) && rules::any_matches(rule.patterns, tied.alias);
      };
      if (!missing_.contains(tied.alias) && std::ranges::none_of(set_.required, names)) continue;
      text += "\n  with " + tied.key + ": true in config.json, " + tied.alias + " would be " + tied.target;
    }
    return text;
  }

  std::string config_message() const {
    std::string text;
    for (auto const& [problem, rule] : config_problems_) {
      text += (text.empty() ? config_.source() + ": " : "\n  ") + problem + " (" + rule + ")";
    }
    return text;
  }

  std::string message() const {
    auto const ranks = topology_.tensor_parallel;
    auto text = "the rules of " + set_.file + " do not fit " + std::to_string(problems_.count()) +
                (problems_.count() == 1 ? " tensor of " : " tensors of ") + catalog_.path + " with tensor_parallel " +
                std::to_string(ranks) + " and pipeline_parallel " + std::to_string(topology_.pipeline_parallel) +
                (is_params_file(config_.source())
                     ? " (there is no config.json: the model's sizes are those of " + config_.source() + ")"
                     : "") +
                ":" + problems_.describe();
    if (indivisible_) text += "\n  tensor_parallel could be " + fitting_ranks_.list(std::max(64U, 2 * ranks));
    if (options_.unexpected == Tolerance::error && !unexpected_.empty()) {
      text +=
          "\n  model.rules can name a file with rules for what none matches; model.unexpected: warn loads without it";
    }
    if (options_.missing == Tolerance::error) text += untied_by_config();
    return text;
  }

  Catalog const& catalog_;
  Topology const& topology_;
  rules::RuleSet const& set_;
  rules::ConfigValues const& config_;
  LayoutOptions const& options_;
  rules::RuleFinder rule_finder_;
  rules::Sizes sizes_;
  Problems problems_;
  rules::StageFinder stages_;
  rules::Companions companions_;
  rules::Ties ties_;
  std::vector<rules::SizedRule> sized_rules_;  ///< by index in the rule set
  bool sizes_of_layers_ = false;               ///< some sizes differ between layers
  std::unordered_map<std::uint32_t, std::vector<rules::SizedRule>> rules_of_layers_;  ///< `sized_rules_` by layer
  rules::FittingRanks fitting_ranks_;
  rules::LayerContents layers_;
  std::string rule_ = set_.file;                        ///< the rule or format being applied
  std::map<std::string, std::string> config_problems_;  ///< with the first rule that each prevents
  Problems missing_;
  Problems unexpected_;
  std::vector<Parameter> parameters_;
  std::vector<std::size_t> parameter_of_;                 ///< by tensor: index in the layout's parameters, or kNone
  std::vector<std::uint32_t> unmatched_;                  ///< tensors without a rule
  std::set<std::uint32_t> refused_;                       ///< tensors whose rule cannot be applied
  std::map<std::uint32_t, std::string> beyond_;           ///< tensors after the last layer, and how to say so
  std::deque<std::string> packed_names_;                  ///< of the weights that are stored in packed form
  std::unordered_map<std::uint32_t, Unpacked> unpacked_;  ///< the same, by tensor
  std::map<std::uint64_t, std::uint64_t> blocks_;  ///< units that stay together in uneven cuts, by number of units
  std::set<std::uint32_t> misfits_;                ///< weights that do not match a companion
  std::map<std::string, CutWords> words_;          ///< by the location of a rule
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
  auto const [set, config] = rules::rules_of_model(
      family, config_json, options.config_file.empty() ? config_file_of(catalog) : options.config_file);
  try {
    return Layouter(catalog, topology, set, config, options).make(family.family);
  } catch (ConfigProblem const& problem) {
    throw ConfigError(config.source() + ": " + problem.what() + " (" + set.file + ")");
  }
}

ModelLayout partition_model(Catalog const& catalog, Topology const& topology, RulesSource const& source,
                            LayoutOptions const& options) {
  return partition_model(catalog, topology, find_rules(source), source.config_json, options);
}

}  // namespace distload
