/// Finds the rule that matches a parameter's name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "partition/rules/config_values.hpp"
#include "partition/rules/rules.hpp"

namespace distload::rules {

struct RuleMatch {
  std::size_t rule = 0;  ///< index into `RuleSet::rules`
  Pattern::Match name;   ///< numbers matched by {layer} and {expert}
};

/// Matches names with the rules of a set. A model may have 100,000 names and a family 100 patterns, so that a name is
/// compared only with the patterns that have the same ending.
class RuleFinder {
 public:
  /// The arguments must outlive the object, unchanged. The rules' conditions on layers are compared with `config`; all
  /// others must hold.
  RuleFinder(RuleSet const& set, ConfigValues const& config);

  /// Nothing if no rule matches.
  /// @throws RuleProblem  several rules of one file match.
  std::optional<RuleMatch> find(std::string_view name) const;

  /// @throws RuleProblem  no rule or several rules match.
  RuleMatch match(std::string_view name) const;

 private:
  struct Candidate {
    std::size_t rule = 0;
    Pattern const* pattern = nullptr;
  };

  RuleSet const& set_;
  ConfigValues const& config_;
  /// By `Pattern::ending` of names: the patterns that can match them, in the order of the rules.
  std::unordered_map<std::string_view, std::vector<Candidate>> by_ending_;
  std::vector<Candidate> of_any_ending_;  ///< those that can match names of other endings
};

}  // namespace distload::rules
