/// Ties: the names of a model that stand for another one's tensor.
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
#include "partition/rules/rules.hpp"
#include "partition/stages.hpp"

namespace distload::rules {

/// What would be an alias if config.json said so.
struct NotWanted {
  std::string alias;
  std::string target;
  std::string key;  ///< of config.json, which is false
};

class Ties {
 public:
  /// Finds those of a checkpoint and adds what is wrong with them to `problems`.
  /// @param same_bytes  as in `LayoutOptions`
  Ties(Catalog const& catalog, RuleSet const& set, ConfigValues const& config, StageFinder const& stages,
       std::vector<std::string> const& same_bytes, Problems& problems);

  std::vector<Alias> const& aliases() const noexcept { return aliases_; }
  /// Those that are not tied, as both tensors are stored and not known to be the same.
  std::vector<StoredTie> const& untied() const noexcept { return untied_; }
  /// What a person should know of them.
  std::vector<std::string> const& warnings() const noexcept { return warnings_; }
  std::vector<NotWanted> const& not_wanted() const noexcept { return not_wanted_; }
  /// True for a tensor that is stored, but not loaded by itself.
  bool is_alias(std::uint32_t tensor) const { return stored_.contains(tensor); }
  /// Adds the stages on which a tensor is needed under its other names.
  void add_stages(std::uint32_t tensor, std::vector<std::uint32_t>& stages) const;

 private:
  void add(TiedRule const& tied, std::uint32_t target, Catalog const& catalog, RuleSet const& set,
           StageFinder const& stages);
  /// Whether the checkpoint stores an alias with a content of its own.
  bool is_kept(TiedRule const& tied, std::uint32_t target, Catalog const& catalog);

  std::vector<std::string> const& same_bytes_;
  std::vector<Alias> aliases_;
  std::vector<StoredTie> untied_;
  std::vector<NotWanted> not_wanted_;
  std::vector<std::string> warnings_;
  std::set<std::uint32_t> stored_;
  std::map<std::uint32_t, std::set<std::uint32_t>> stages_;  ///< by target
};

}  // namespace distload::rules
