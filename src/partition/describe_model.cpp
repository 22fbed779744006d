// Expands the entries of `required` to names, and computes the shapes that their rules give.
#include "partition/describe_model.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <distload/base/bytes.hpp>
#include <distload/base/error.hpp>

#include "base/text.hpp"
#include "partition/missing.hpp"
#include "partition/problems.hpp"
#include "partition/quantize.hpp"
#include "partition/rules/model_rules.hpp"
#include "partition/rules/rule_match.hpp"
#include "partition/rules/rule_problem.hpp"
#include "partition/stages.hpp"
#include "partition/ties.hpp"

namespace distload {
namespace {

using rules::ConfigProblem;
using rules::RuleProblem;

/// Bounds the memory for any config.json.
constexpr std::size_t kMaxTensors = 10'000'000;
constexpr std::uint64_t kMaxExpertsOfModel = 100'000;
constexpr std::uint64_t kMaxStars = 10'000;

/// Where config.json says what type its tensors have.
constexpr std::array kDTypeKeys{"dtype", "torch_dtype", "text_config.dtype", "text_config.torch_dtype"};

/// The type that config.json names.
std::optional<DType> dtype_of(rules::ConfigValues const& config) {
  static std::map<std::string, DType, std::less<>> const kTypes{
      {"float64", DType::f64}, {"float32", DType::f32}, {"float16", DType::f16}, {"bfloat16", DType::bf16}};
  for (auto const* key : kDTypeKeys) {
    auto const text = config.text(key);
    if (!text) continue;
    auto const known = kTypes.find(text->starts_with("torch.") ? text->substr(6) : *text);
    if (known == kTypes.end()) throw ConfigProblem(std::string(key) + " is " + *text + ", which is no type of weights");
    return known->second;
  }
  return std::nullopt;
}

/// A tensor, and where it stands among the layers.
struct Described {
  TensorDescription tensor;
  std::uint64_t place = 0;
};

/// Numbers that a star or {expert} of a pattern stands for; one if the pattern has none.
struct Counts {
  std::uint64_t stars = 1;
  std::uint64_t experts = 1;
};

class Describer {
 public:
  Describer(rules::ModelRules const& model, DescriptionOptions const& options)
      : set_(model.set),
        config_(model.config),
        finder_(set_, config_),
        sizes_(set_.sizes, config_),
        layer_finder_(set_.layer_kinds, set_.flags, sizes_, config_),
        quantizer_(model),
        dtype_(options.dtype ? *options.dtype : dtype_of(config_).value_or(DType::bf16)),
        layers_(sizes_.find_at_most("layers", rules::kMaxLayers)),
        extra_(sizes_.find_at_most("extra_layers", rules::kMaxLayers).value_or(0)),
        sizes_of_layers_(rules::has_sizes_of_layers(set_)) {}

  std::vector<TensorDescription> describe() {
    for (auto const& entry : set_.required) {
      try {
        add(entry);
      } catch (RuleProblem const& problem) {
        problems_.add(problem.what() + (" (" + entry.location + ")"), entry.text);
      }
    }
    if (!problems_.empty()) {
      throw ConfigError("the rules of " + set_.file + " and " + config_.source() +
                        " do not determine all tensors of the model:" + problems_.describe());
    }
    drop_aliases();
    std::ranges::stable_sort(described_, {}, &Described::place);
    std::vector<TensorDescription> tensors;
    tensors.reserve(described_.size());
    for (auto& each : described_) tensors.push_back(std::move(each.tensor));
    return tensors;
  }

 private:
  /// The pattern whose names releases use.
  rules::Pattern const& published(rules::RequiredRule const& entry) const {
    for (auto const& names : set_.published) {
      for (auto const& pattern : entry.patterns) {
        if (pattern.beginning().starts_with(names.beginning)) return pattern;
      }
    }
    return entry.patterns.front();
  }

  void add(rules::RequiredRule const& entry) {
    auto const exists = [&](std::string const& name) { return rules::any_matches(entry.unless, name); };
    if (!entry.unless.empty() && std::ranges::any_of(names_, exists)) return;
    auto const& pattern = published(entry);
    Counts counts;
    if (pattern.has_star()) {
      if (!entry.each) throw RuleProblem("the entry has no `each`, the number of what * stands for");
      counts.stars = sizes_.value(*entry.each);
      if (counts.stars > kMaxStars) throw RuleProblem("`each` is " + std::to_string(counts.stars));
    }
    if (pattern.has_expert()) {
      auto const experts = sizes_.find_at_most("experts", kMaxExpertsOfModel);
      if (!experts) throw RuleProblem(sizes_.why_unknown("experts"));
      counts.experts = *experts;
    }
    if (!pattern.has_layer()) {
      add(entry, pattern, std::nullopt, counts);
      return;
    }
    if (!layers_) throw RuleProblem(sizes_.why_unknown("layers"));
    auto const offset = rules::layers_before(pattern, set_, finder_, sizes_);
    auto const stack = *layers_ < offset ? 0 : *layers_ - offset;
    for (auto const layer : layer_finder_.find(entry.layers, entry.when, stack, extra_)) {
      add(entry, pattern, layer, counts);
    }
  }

  void add(rules::RequiredRule const& entry, rules::Pattern const& pattern, std::optional<std::uint32_t> layer,
           Counts const& counts) {
    for (std::uint32_t star = 0; star < counts.stars; ++star) {
      auto const first = pattern.name({.layer = layer.value_or(0), .star = star});
      if (counts.experts == 0 || !known_.insert(first).second) continue;  // another entry has listed it
      try {
        auto const match = finder_.match(first);
        auto const& rule = set_.rules[match.rule];
        TensorDescription const tensor{first, entry.dtype.value_or(dtype_by(rule)),
                                       shape_by(entry, rule, first, layer)};
        auto const place = place_of(rule, layer);
        names_.push_back(first);
        auto const stored = quantizer_.quantized(tensor, rule).value_or(std::vector{tensor});
        auto const heads = pattern.has_head() ? sizes_of(layer).positive(*rule.sections.front().heads) : 1;
        for (std::uint32_t i = 0; i < counts.experts * heads; ++i) {
          if (described_.size() + stored.size() > kMaxTensors) {
            throw RuleProblem("the model has more than 10,000,000 tensors");
          }
          auto const expert = i % static_cast<std::uint32_t>(counts.experts);
          auto const head = i / static_cast<std::uint32_t>(counts.experts);
          auto const weight = pattern.name({layer.value_or(0), expert, head, star});
          for (auto const& each : stored) {
            described_.push_back({each, place});
            if (i != 0) described_.back().tensor.name = name_beside(each.name, first, weight);
          }
        }
      } catch (RuleProblem const& problem) {
        problems_.add(problem.what() + (" (" + entry.location + ")"), first);
      }
    }
  }

  /// The name of a tensor beside `weight` that is like that of `name` beside `first`.
  static std::string name_beside(std::string const& name, std::string const& first, std::string const& weight) {
    auto const [in_name, in_first] = std::ranges::mismatch(name, first);
    auto const changed = static_cast<std::size_t>(first.end() - in_first);
    return weight.substr(0, weight.size() - changed) + std::string(in_name, name.end());
  }

  DType dtype_by(rules::Rule const& rule) const {
    auto const is_kept = rule.keep_dtype == rules::KeepDType::always || rule.keep_dtype == rules::KeepDType::of_f32;
    return is_kept ? DType::f32 : dtype_;
  }

  /// The model's sizes, or those of a layer if some differ between layers.
  rules::Sizes const& sizes_of(std::optional<std::uint32_t> layer) {
    if (!sizes_of_layers_ || !layer) return sizes_;
    return of_layers_.try_emplace(*layer, set_.sizes, config_, layer).first->second;
  }

  Shape shape_by(rules::RequiredRule const& entry, rules::Rule const& rule, std::string const& name,
                 std::optional<std::uint32_t> layer) {
    auto const& sizes = sizes_of(layer);
    if (entry.shape) {
      Shape shape;
      for (std::size_t axis = 0; axis < axes_of(name, entry.shape->size()); ++axis) {
        shape.push_back(sizes.positive((*entry.shape)[axis]));
      }
      return shape;
    }
    if (rule.shape.empty()) throw RuleProblem("neither the entry nor the rule has a `shape` (" + rule.location + ")");
    Shape shape;
    for (std::size_t axis = 0; axis < axes_of(name, rule.shape.size()); ++axis) {
      if (rule.shape[axis]) {
        shape.push_back(sizes.positive(*rule.shape[axis]));
      } else if (axis == rule.axis && !rule.sections.empty()) {
        shape.push_back(size_of(rule, sizes));
      } else {
        throw RuleProblem("the rule does not determine the size of axis " + std::to_string(axis) + " (" +
                          rule.location + ")");
      }
    }
    return shape;
  }

  /// A bias has only the first of the sizes.
  static std::size_t axes_of(std::string const& name, std::size_t axes) { return name.ends_with(".bias") ? 1 : axes; }

  /// The size of the axis that a rule cuts: that of all sections.
  static std::uint64_t size_of(rules::Rule const& rule, rules::Sizes const& sizes) {
    std::uint64_t total = 0;
    for (auto const& section : rule.sections) {
      if (!section.size && !section.heads) {
        throw RuleProblem("the rule does not determine the size of axis " + std::to_string(rule.axis) + " (" +
                          rule.location + ")");
      }
      auto const size = section.size ? std::optional(sizes.positive(*section.size))
                                     : checked_multiply(sizes.positive(*section.heads), sizes.positive(*section.unit));
      auto const sum = size ? checked_add(total, *size) : std::nullopt;
      if (!sum) throw RuleProblem("the sections' sizes do not fit 64 bits (" + rule.location + ")");
      total = *sum;
    }
    auto const all = rule.groups ? checked_multiply(sizes.positive(*rule.groups), total) : std::optional(total);
    if (!all) throw RuleProblem("the groups' sizes do not fit 64 bits (" + rule.location + ")");
    return *all;
  }

  /// A number by which the tensors are sorted.
  std::uint64_t place_of(rules::Rule const& rule, std::optional<std::uint32_t> layer) const {
    auto const offset = rule.layer_offset ? sizes_.value(*rule.layer_offset) : 0;
    if (layer) return 1 + offset + *layer;
    if (rule.layer_offset) return 1 + offset;
    return rule.stage == rules::StageRule::last ? std::numeric_limits<std::uint64_t>::max() : 0;
  }

  /// Drops the tensors that are other names of others.
  void drop_aliases() {
    std::unordered_set<std::string> aliases;
    for (auto const& tied : set_.tied) {
      auto const matches = [this](std::vector<rules::Pattern> const& patterns) {
        return std::ranges::any_of(names_, [&](auto const& name) { return rules::any_matches(patterns, name); });
      };
      if (!known_.contains(tied.alias) || !is_tied_by_config(tied, config_)) continue;
      if (!matches(tied.target) || (!tied.needs.empty() && !matches(tied.needs)) || matches(tied.unless)) continue;
      aliases.insert(tied.alias);
    }
    if (aliases.empty()) return;
    std::erase_if(described_, [&](Described const& each) { return aliases.contains(each.tensor.name); });
  }

  rules::RuleSet const& set_;
  rules::ConfigValues const& config_;
  rules::RuleFinder finder_;
  rules::Sizes sizes_;
  rules::LayerFinder layer_finder_;
  rules::Quantizer quantizer_;
  DType dtype_;
  std::optional<std::uint64_t> layers_;
  std::uint64_t extra_;
  bool sizes_of_layers_;
  std::unordered_map<std::uint32_t, rules::Sizes> of_layers_;
  Problems problems_;
  std::vector<Described> described_;
  std::vector<std::string> names_;         ///< described, of several experts only the first
  std::unordered_set<std::string> known_;  ///< the same
};

}  // namespace

std::vector<TensorDescription> describe_model(FamilyRules const& family, std::string_view config_json,
                                              DescriptionOptions const& options) {
  auto const model = rules::rules_of_model(family, config_json, options.config_file);
  if (!model.set.complete) {
    auto const architecture = model.config.text("architectures.0");
    throw ConfigError(model.set.file + " does not say that its `required` and `expected` list every tensor of " +
                      (architecture ? printable(*architecture) : "a model") +
                      " (`complete`), so that config.json does not determine them");
  }
  try {
    return Describer(model, options).describe();
  } catch (ConfigProblem const& problem) {
    throw ConfigError(model.config.source() + ": " + problem.what() + " (" + model.set.file + ")");
  }
}

}  // namespace distload
