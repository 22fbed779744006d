/// Sizes: the named sizes of a rule file, evaluated for one model.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "partition/rules/config_values.hpp"
#include "partition/rules/expression.hpp"

namespace distload::rules {

/// A name of the file's `sizes` and what it stands for.
struct SizeDefinition {
  std::string name;
  Expression expression;  ///< refers to sizes that stand before it only
};

class Sizes {
 public:
  /// Both arguments outlive the object. What cannot be evaluated is a problem only of those who ask for it.
  Sizes(std::vector<SizeDefinition> const& definitions, ConfigValues const& config);

  /// @throws ConfigProblem if config.json lacks what the expression needs, or the result is no positive integer; names
  /// the keys of config.json.
  std::uint64_t positive(Expression const& expression) const;
  /// The same for what may be zero.
  std::uint64_t value(Expression const& expression) const;
  /// As `value`, but nothing where config.json lacks what the expression needs.
  std::optional<std::uint64_t> find(Expression const& expression) const;
  /// The named size, or nothing if the file does not define it or config.json lacks it.
  std::optional<std::uint64_t> find(std::string const& name) const;
  /// The same for what there cannot be more of than `most`.
  /// @throws ConfigProblem also if there is.
  std::optional<std::uint64_t> find_at_most(std::string const& name, std::uint64_t most) const;

 private:
  struct Entry {
    std::optional<std::uint64_t> value;
    std::string problem;  ///< not empty if the evaluation failed
  };

  std::optional<std::uint64_t> evaluate(Operand const& operand) const;
  std::optional<std::uint64_t> evaluate(Term const& term) const;
  /// The alternative that gives the expression its value, if one does.
  Term const* known_term(Expression const& expression) const;
  /// Where a value comes from: a key of config.json, or the name of a size that is made of several.
  std::string origin(Operand const& operand) const;
  /// What makes the expression zero, which it is.
  std::string origin_of_zero(Expression const& expression) const;
  SizeDefinition const* definition(std::string const& name) const;
  /// The keys of config.json any of which would have made the expression known. `seen` are the sizes that were asked.
  void collect_keys(Expression const& expression, std::vector<std::string>& keys, std::set<std::string>& seen) const;

  std::vector<SizeDefinition> const& definitions_;
  ConfigValues const& config_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace distload::rules
