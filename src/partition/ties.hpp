/// Ties: the names of a model that stand for another one's tensor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>

#include "partition/problems.hpp"
#include "partition/rules/model_config.hpp"
#include "partition/rules/rules.hpp"
#include "partition/stages.hpp"

namespace distload::rules {

class Ties {
 public:
  /// Finds those of a checkpoint and adds what is wrong with them to `problems`.
  Ties(Catalog const& catalog, RuleSet const& set, ModelConfig const& config, StageFinder const& stages,
       Problems& problems);

  std::vector<Alias> const& aliases() const noexcept { return aliases_; }
  /// True for a tensor that is stored, but not loaded by itself.
  bool is_alias(std::uint32_t tensor) const { return stored_.contains(tensor); }
  /// Adds the stages on which a tensor is needed under its other names.
  void add_stages(std::uint32_t tensor, std::vector<std::uint32_t>& stages) const;

 private:
  void add(TiedRule const& tied, std::uint32_t target, Catalog const& catalog, RuleSet const& set,
           StageFinder const& stages);

  std::vector<Alias> aliases_;
  std::set<std::uint32_t> stored_;
  std::map<std::uint32_t, std::set<std::uint32_t>> stages_;  ///< by target
};

}  // namespace distload::rules
