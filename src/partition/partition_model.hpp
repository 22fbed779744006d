/// partition_model: from a catalog and the rules of a model's family to its layout.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/choices.hpp>
#include <distload/partition/model_layout.hpp>

namespace distload {

/// How to find and read the rules of a model.
struct RulesSource {
  std::string family = "auto";  ///< family name, or "auto": by `model_type` in the model's config.json
  std::string config_json;  ///< the model's config.json as text; may be empty if `family` is given and needs no sizes
  std::vector<std::string> directories;     ///< where `<family>.yaml` files lie, first match wins
  std::string rules = "auto";               ///< path of the user's own rule file, instead of a family's
  std::string config_file = "config.json";  ///< where `config_json` comes from, for messages
};

/// A rule file as text.
struct RuleText {
  std::string file;  ///< its path
  std::string text;
};

/// The rule file of a family with those that it extends, as text, so that one rank can read them for all.
struct FamilyRules {
  std::string family;  ///< e.g. "llama"
  std::string file;    ///< its path
  std::string text;
  std::vector<RuleText> bases = {};  ///< the one that it extends, the one that that one extends, ...
};

/// What of a layout is up to the user.
struct LayoutOptions {
  std::vector<std::uint32_t> pipeline_layers;  ///< layers of each pipeline stage; empty: shared out evenly
  bool transpose = false;  ///< weights of linear layers, stored as [out, in], are to lie in memory as [in, out]
  bool uneven = false;     ///< what the ranks do not divide may be cut unevenly, where its rule says that it can be
  Tolerance missing = Tolerance::error;     ///< of tensors that the family requires, or that only some layers lack
  Tolerance unexpected = Tolerance::error;  ///< of tensors without a rule; unless that is an error they are not loaded
  std::vector<std::string> fuse = {};       ///< by their names in the family's rule file: "qkv"
  std::vector<std::string> split = {};      ///< likewise
  std::string config_file = {};             ///< of the model's config.json, for messages; empty: the checkpoint's own
  /// Names of `StoredTie`s' aliases whose bytes are those of their targets: they are not loaded. Of all others both
  /// are.
  std::vector<std::string> same_bytes = {};
};

/// Finds and reads the rule file of the model's family.
/// @throws ConfigError  if the family is unknown (with a suggestion), or cannot be told from config.json; if a file
///                      cannot be read or extends what does not exist.
FamilyRules find_rules(RulesSource const& source);

/// Applies the rules of a family to every tensor of the catalog; what is tied to another tensor becomes an alias
/// instead of a parameter, unless the checkpoint stores it with a content of its own.
///
/// @throws ConfigError  listing all parameters that are missing, without a rule, with two rules, with a size that its
///                      rule cannot cut for this topology, or that needs a size which config.json lacks; or if the rule
///                      file is malformed, or the options contradict topology or model.
ModelLayout partition_model(Catalog const& catalog, Topology const& topology, FamilyRules const& rules,
                            std::string_view config_json, LayoutOptions const& options = {});

/// `find_rules`, then `partition_model`.
ModelLayout partition_model(Catalog const& catalog, Topology const& topology, RulesSource const& source,
                            LayoutOptions const& options = {});

}  // namespace distload
