/// ModelLayout: every parameter of a checkpoint with its partition and its pipeline stages, by the rules of a family.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/partition.hpp>
#include <distload/partition/topology.hpp>

namespace distload {

/// One tensor of the catalog as the ranks will hold it.
struct Parameter {
  std::uint32_t tensor = 0;  ///< index into `Catalog::tensors`
  Partition partition;
  std::vector<std::uint32_t> stages;  ///< pipeline stages that hold it, ascending; never empty
  std::string rule;                   ///< where its rule stands: "llama.yaml:12"
};

/// A name under which another parameter is reachable as well (a tied lm_head).
struct Alias {
  std::string name;
  std::string target;  ///< name of the tensor that is loaded
};

struct ModelLayout {
  std::string family;                 ///< e.g. "llama"
  std::vector<Parameter> parameters;  ///< in the order of `Catalog::tensors`
  std::vector<Alias> aliases;
};

/// How to find and read the rules of a model.
struct RulesSource {
  std::string family = "auto";  ///< family name, or "auto": by `model_type` in the model's config.json
  std::string config_json;  ///< the model's config.json as text; may be empty if `family` is given and needs no sizes
  std::vector<std::string> directories;  ///< where <family>.yaml files lie, first match wins
};

/// The rule file of a family as text, so that one rank can read it for all.
struct FamilyRules {
  std::string family;  ///< e.g. "llama"
  std::string file;    ///< its path
  std::string text;
};

/// What of a layout is up to the user.
struct LayoutOptions {
  std::vector<std::uint32_t> pipeline_layers;  ///< layers of each pipeline stage; empty: shared out evenly
};

/// Finds and reads the rule file of the model's family.
/// @throws ConfigError  if the family is unknown (with a suggestion), or cannot be told from config.json.
FamilyRules find_rules(RulesSource const& source);

/// Applies the rules of a family to every tensor of the catalog; what is tied to another tensor becomes an alias
/// instead of a parameter.
///
/// @throws ConfigError  listing all parameters without a rule, with two rules, with a size that its rule cannot cut for
///                      this topology, or that needs a size which config.json lacks; or if the rule file is malformed,
///                      or the options contradict topology or model.
ModelLayout partition_model(Catalog const& catalog, Topology const& topology, FamilyRules const& rules,
                            std::string_view config_json, LayoutOptions const& options = {});

/// `find_rules`, then `partition_model`.
ModelLayout partition_model(Catalog const& catalog, Topology const& topology, RulesSource const& source,
                            LayoutOptions const& options = {});

}  // namespace distload
