/// Sizes: the named sizes of a rule file, evaluated for one model.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "partition/rules/expression.hpp"
#include "partition/rules/model_config.hpp"

namespace distload::rules {

/// A name of the file's `sizes` and what it stands for.
struct SizeDefinition {
  std::string name;
  Expression expression;  ///< refers to sizes that stand before it only
};

class Sizes {
 public:
  /// Both arguments outlive the object. What cannot be evaluated is a problem only of those who ask for it.
  Sizes(std::vector<SizeDefinition> const& definitions, ModelConfig const& config);

  /// @throws RuleProblem if config.json lacks what the expression needs, or the result is no positive integer.
  std::uint64_t positive(Expression const& expression) const;
  /// The same for what may be zero.
  std::uint64_t value(Expression const& expression) const;
  /// As `value`, but nothing where config.json lacks what the expression needs.
  std::optional<std::uint64_t> find(Expression const& expression) const;
  /// The named size, or nothing if the file does not define it or config.json lacks it.
  std::optional<std::uint64_t> find(std::string const& name) const;

 private:
  struct Entry {
    std::optional<std::uint64_t> value;
    std::string problem;  ///< not empty if the evaluation failed
  };

  std::optional<std::uint64_t> evaluate(Operand const& operand) const;
  std::optional<std::uint64_t> evaluate(Term const& term) const;
  /// The keys of config.json any of which would have made the expression known.
  void collect_keys(Expression const& expression, std::vector<std::string>& keys) const;

  std::vector<SizeDefinition> const& definitions_;
  ModelConfig const& config_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace distload::rules
