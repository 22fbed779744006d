/// RuleSet: a family's rule file as data. What its keys mean stands in RULES.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <distload/partition/partition.hpp>

#include "partition/rules/expression.hpp"
#include "partition/rules/pattern.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// How one stretch of the cut axis is divided.
struct SectionRule {
  std::optional<Expression> size;   ///< elements along the axis; without it, heads x unit, or the whole axis
  std::optional<Expression> heads;  ///< how many units
  std::optional<Expression> unit;   ///< elements that stay together; with `heads`, by default the size `head_dim`
  bool replicate = false;           ///< fewer units than ranks: whole units go to several ranks
};

/// Whether a parameter keeps the type that it is stored in, whatever `load.dtype` says.
enum class KeepDType : std::uint8_t {
  of_companions,  ///< if it is the companion of a weight
  never,
  always,
  of_f32,  ///< if that type is F32
};

/// The pipeline stages of a parameter.
enum class StageRule : std::uint8_t { of_layer, first, last, first_and_last, all };

/// A boolean of config.json: what must hold, or what does where the key is absent.
struct Flag {
  std::string key;
  bool value = false;
};

struct Rule {
  std::vector<Pattern> patterns;
  PartitionKind partition = PartitionKind::replicated;
  std::uint32_t axis = 0;
  std::vector<SectionRule> sections;  ///< empty: `equal_sections` parts of the axis, cut element by element
  std::uint64_t equal_sections = 1;
  std::vector<std::optional<Expression>> shape;  ///< what is known of it; a bias has only the first; empty: nothing is
  StageRule stage = StageRule::of_layer;
  std::optional<Expression> layer_offset;  ///< added to the layer's number; without {layer} it is that number
  std::vector<Flag> when;                  ///< all must hold for the rule to exist
  std::uint32_t level =
      0;                ///< 0: of the file itself, 1: of the one that it extends, ...: the first with a match counts
  bool uneven = false;  ///< the ranks may get parts of different sizes, if the user allows it
  std::optional<std::uint32_t> expert_axis;  ///< along which experts stand that are stored in one tensor
  bool optional = false;                     ///< some layers have it, others do not
  KeepDType keep_dtype = KeepDType::of_companions;
  std::string location;  ///< "llama.yaml:12"
};

/// Names that a model of the family must have.
struct RequiredRule {
  std::vector<Pattern> patterns;  ///< a tensor must match one of them
  std::vector<Pattern> unless;    ///< not if a tensor of these names exists
  std::string text;               ///< the patterns as written
  std::string location;
};

/// A parameter that shares another one's weights.
struct TiedRule {
  std::string alias;
  std::vector<Pattern> target;
  std::optional<std::string> when;  ///< key of config.json that must be true; without it, always tied
  bool when_absent = false;         ///< what holds if config.json lacks the key
  std::vector<Pattern> needs;       ///< a tensor of these names must exist, if there are any
  std::vector<Pattern> unless;      ///< no tensor of these names may exist
  std::string location;
};

/// Matrices that may be one or several: query, key and value.
struct FusedRule {
  std::string name;                ///< "qkv"
  std::vector<std::string> parts;  ///< words in the parameters' names, in this order: "q_proj", ...
  std::string whole;               ///< what takes their place: "qkv_proj"
  std::string location;
};

struct RuleSet {
  std::string file;  ///< without its folder: "llama.yaml"
  std::vector<std::string> model_types;
  std::vector<Flag> flags;
  std::vector<SizeDefinition> sizes;
  std::vector<Rule> rules;
  std::vector<TiedRule> tied;
  std::vector<RequiredRule> required;
  std::vector<FusedRule> fused;
};

}  // namespace distload::rules
