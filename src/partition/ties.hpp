/// Ties: the names of a model that are aliases of another tensor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <distload/checkpoint/catalog.hpp>

#include "partition/partition_model.hpp"
#include "partition/problems.hpp"
#include "partition/rules/config_values.hpp"
#include "partition/rules/rule_match.hpp"
#include "partition/rules/rules.hpp"
#include "partition/stages.hpp"

namespace distload::rules {

/// A name that would be an alias if config.json said so.
struct UntiedByConfig {
  std::string alias;
  std::string target;
  std::string key;  ///< key of config.json whose value is false
};

/// True if config.json says that the alias is another name of the target. The key may stand in the config of the text
/// model inside that of a model with several parts.
bool is_tied_by_config(TiedRule const& tied, ConfigValues const& config);

class Ties {
 public:
  /// Finds the aliases of a checkpoint and adds errors to `problems`.
  /// @param same_bytes  as in `LayoutOptions`
  Ties(Catalog const& catalog, RuleSet const& set, RuleFinder const& finder, ConfigValues const& config,
       StageFinder const& stages, std::vector<std::string> const& same_bytes, Problems& problems);

  std::vector<Alias> const& aliases() const noexcept { return aliases_; }
  /// Pairs that are not treated as tied, because both tensors are stored and not known to be equal.
  std::vector<StoredTie> const& untied() const noexcept { return untied_; }
  /// Warnings for the user about aliases.
  std::vector<std::string> const& warnings() const noexcept { return warnings_; }
  std::vector<UntiedByConfig> const& untied_by_config() const noexcept { return untied_by_config_; }
  /// True for a stored tensor that is not loaded, because it is an alias.
  bool is_alias(std::uint32_t tensor) const { return stored_.contains(tensor); }
  /// Adds the stages on which the aliases of a tensor are needed.
  void add_stages(std::uint32_t tensor, std::vector<std::uint32_t>& stages) const;

 private:
  /// Makes `alias` another name of tensor `target`.
  void add(std::string const& alias, TiedRule const& tied, std::uint32_t target, Catalog const& catalog,
           RuleSet const& set, RuleFinder const& finder, StageFinder const& stages);
  /// True if the checkpoint stores an alias with its own content.
  bool is_kept(TiedRule const& tied, std::uint32_t target, Catalog const& catalog);

  std::vector<std::string> const& same_bytes_;
  std::vector<Alias> aliases_;
  std::vector<StoredTie> untied_;
  std::vector<UntiedByConfig> untied_by_config_;
  std::vector<std::string> warnings_;
  std::set<std::uint32_t> stored_;
  std::map<std::uint32_t, std::set<std::uint32_t>> stages_;  ///< by target tensor
};

}  // namespace distload::rules
