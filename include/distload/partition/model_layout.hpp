/// ModelLayout: every parameter of a checkpoint with its partition and its pipeline stages, by the rules of a family.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <distload/base/topology.hpp>
#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/partition.hpp>
#include <distload/partition/placement.hpp>
#include <distload/tensor/cast.hpp>

namespace distload {

/// One tensor of the catalog as the ranks will hold it.
struct Parameter {
  std::uint32_t tensor = 0;                               ///< index into `Catalog::tensors`
  Partition partition;                                    ///< over tensor-parallel ranks
  std::vector<std::uint32_t> stages;                      ///< pipeline stages that hold it, ascending; never empty
  std::string rule;                                       ///< where its rule stands: "llama.yaml:12"
  std::optional<ExpertPlacement> experts = std::nullopt;  ///< under expert parallelism: takes the place of `partition`
  bool added_once = false;  ///< bias of a row-parallel layer: all ranks hold it, and it is added once, after the sum
  bool transposed = false;  ///< the last two axes lie in memory the other way round: [in, out]
  bool keep_dtype = false;  ///< keeps the type that it is stored in, whatever `load.dtype` says
  std::vector<std::string> split_names =
      {};  ///< of the parameters that its sections are to become; empty: it stays one
};

/// The type of a parameter whose elements are stored as `stored`, where `wanted` is asked for. What
/// `keep_dtype` says that of, and what cannot be cast, keeps its own.
inline DType dtype_in_memory(Parameter const& parameter, DType stored, std::optional<DType> wanted) noexcept {
  return wanted && can_cast(stored, *wanted) && !parameter.keep_dtype ? *wanted : stored;
}

/// Tensors that become one parameter, one after the other along their cut axis.
struct Fusion {
  std::string name;                    ///< of that parameter
  std::vector<std::uint32_t> tensors;  ///< in this order; indices into `Catalog::tensors`
};

/// A name under which another parameter is reachable as well (a tied lm_head).
struct Alias {
  std::string name;
  std::string target;  ///< name of the tensor that is loaded
};

/// Two tensors that config.json makes one, while the checkpoint stores both, of the same shape and dtype.
struct StoredTie {
  std::uint32_t alias = 0;   ///< index into `Catalog::tensors`
  std::uint32_t target = 0;  ///< likewise
};

struct ModelLayout {
  std::string family;                 ///< e.g. "llama"
  std::vector<Parameter> parameters;  ///< in the order of `Catalog::tensors`
  std::vector<Alias> aliases;
  std::vector<Fusion> fusions;        ///< what `fuse` is to do
  std::vector<std::string> warnings;  ///< what is missing or not expected, where that is allowed, or not tied after all
  std::vector<StoredTie> untied = {};  ///< both are parameters, as `LayoutOptions::same_bytes` does not say otherwise
};

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
