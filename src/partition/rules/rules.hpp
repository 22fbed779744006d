/// RuleSet: a family's rule file as data. RULES.md explains the keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/base/dtype.hpp>
#include <distload/partition/partition.hpp>

#include "partition/rules/condition.hpp"
#include "partition/rules/expression.hpp"
#include "partition/rules/format.hpp"
#include "partition/rules/layer_choice.hpp"
#include "partition/rules/pattern.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// How a section of the partitioned axis is divided.
struct SectionRule {
  std::optional<Expression> size;   ///< elements along the axis; default: heads x unit, or the whole axis
  std::optional<Expression> heads;  ///< number of units
  std::optional<Expression> unit;   ///< elements that stay together; with `heads`, by default the size `head_dim`
  bool replicate = false;           ///< with fewer units than ranks, several ranks hold the same unit
};

/// Whether a parameter keeps its stored type when `load.dtype` is set.
enum class KeepDType : std::uint8_t {
  of_companions,  ///< if it is the companion of a weight
  never,
  always,
  of_f32,  ///< if the stored type is F32
};

/// The pipeline stages of a parameter.
enum class StageRule : std::uint8_t { of_layer, first, last, first_and_last, all };

struct Rule {
  std::vector<Pattern> patterns;
  PartitionKind partition = PartitionKind::replicated;
  std::uint32_t axis = 0;
  std::vector<SectionRule> sections;  ///< empty: `equal_sections` parts of the axis, divided by elements
  std::uint64_t equal_sections = 1;
  std::optional<Expression> groups;              ///< the axis has so many groups, each of which has the sections
  std::vector<std::optional<Expression>> shape;  ///< known sizes; a bias has only the first; empty: nothing is known
  StageRule stage = StageRule::of_layer;
  std::optional<Expression> layer_offset;  ///< added to the layer's number; without {layer} it is that number
  std::vector<Condition> when;             ///< conditions; the rule applies only if all hold
  std::uint32_t level = 0;  ///< 0: rule of the file itself, 1: of the file that it extends, ...; the lowest match wins
  bool uneven = false;      ///< ranks may get parts of different sizes, if the user allows it
  std::optional<std::uint32_t> expert_axis;  ///< the axis of experts, if one tensor stores several
  bool optional = false;                     ///< only some layers have it
  KeepDType keep_dtype = KeepDType::of_companions;
  std::string location;  ///< "llama.yaml:12"
};

/// Names that a model of the family has.
struct RequiredRule {
  std::vector<Pattern>
      patterns;                 ///< a tensor must match one of them; releases use the first, unless `published` differs
  std::vector<Pattern> unless;  ///< not required if a tensor with one of these names exists
  std::vector<Condition> when;  ///< required only if all hold
  std::vector<LayerChoice> layers;               ///< the layers that have it; empty: all
  std::optional<Expression> each;                ///< `*` stands for the numbers below this one
  std::optional<std::vector<Expression>> shape;  ///< if the rule that matches does not give it
  std::optional<DType> dtype;                    ///< in releases, if `keep_dtype` and config.json do not give it
  bool is_required = true;                       ///< false: a model without it is complete
  std::string text;                              ///< the patterns as written
  std::string location;
};

/// Which of several names of a tensor releases use.
struct PublishedNames {
  std::string beginning;
  std::vector<Condition> when;
};

/// A parameter that shares another parameter's weights.
struct TiedRule {
  std::string alias;
  std::vector<Pattern> target;
  std::optional<std::string> when;  ///< key of config.json that must be true; default: always tied
  bool when_absent = false;         ///< the value if config.json lacks the key
  std::vector<Pattern> needs;       ///< if not empty, a tensor with one of these names must exist
  std::vector<Pattern> unless;      ///< no tensor may have one of these names
  std::string location;
};

/// Matrices that are stored as one or as several tensors: query, key and value.
struct FusedRule {
  std::string name;                ///< "qkv"
  std::vector<std::string> parts;  ///< segments of the parameters' names, in this order: "q_proj", ...
  std::string whole;               ///< the segment of the fused parameter: "qkv_proj"
  std::string location;
};

/// Keys of config.json that stand for another one.
struct Synonym {
  std::string key;
  std::vector<std::string> others;  ///< the first that config.json has counts, unless it has `key`
};

struct RuleSet {
  std::string file;  ///< file name: "llama.yaml"
  std::vector<std::string> model_types;
  std::vector<Flag> flags;
  std::vector<SizeDefinition> sizes;
  std::vector<Rule> rules;
  std::vector<TiedRule> tied;
  std::vector<RequiredRule> required;
  std::vector<FusedRule> fused;
  std::vector<Synonym> synonyms;
  std::vector<std::string> never_quantized;  ///< parts of names of weights that releases do not quantize
  std::vector<LayerKind> layer_kinds;
  std::vector<PublishedNames> published;
  bool complete = false;  ///< `required` lists every tensor of a model, with those that may be missing, if
  std::vector<Condition> complete_when;  ///< all of these hold
  std::vector<Format> formats;
};

}  // namespace distload::rules
