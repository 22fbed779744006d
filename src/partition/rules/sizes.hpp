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

/// A named size and its expression.
struct SizeDefinition {
  std::string name;
  Expression expression;  ///< refers only to earlier sizes
};

class Sizes {
 public:
  /// The references must outlive the object. A size that cannot be evaluated causes an error only when it is requested.
  /// @param layer  whose items of lists `config.key[layer]` are; without it they are unknown
  Sizes(std::vector<SizeDefinition> const& definitions, ConfigValues const& config,
        std::optional<std::uint32_t> layer = std::nullopt);

  /// @throws ConfigProblem  config.json lacks a required key, or the result is not a positive integer; names the keys.
  std::uint64_t positive(Expression const& expression) const;
  /// The same; zero is allowed.
  std::uint64_t value(Expression const& expression) const;
  /// As `value`, but nothing if config.json lacks a required key.
  std::optional<std::uint64_t> find(Expression const& expression) const;
  /// For messages, of a named size that is unknown: "`layers` is unknown: config.json lacks num_hidden_layers".
  std::string why_unknown(std::string const& name) const;
  /// For messages: the text of the expression, and the keys of config.json that its value is from:
  /// "kv_heads (num_key_value_heads)", or "kv_heads: num_key_value_heads".
  std::string shown(Expression const& expression) const;
  std::string shown_in_brackets(Expression const& expression) const;
  /// The key of config.json whose value the expression is; nothing if it is computed.
  std::optional<std::string> key_of(Expression const& expression) const;
  /// The named size; nothing if the file does not define it or config.json lacks a key.
  std::optional<std::uint64_t> find(std::string const& name) const;
  /// The same with an upper bound.
  /// @throws ConfigProblem  also if the size exceeds `most`.
  std::optional<std::uint64_t> find_at_most(std::string const& name, std::uint64_t most) const;

 private:
  struct Entry {
    std::optional<std::uint64_t> value;
    std::string problem;  ///< empty if the evaluation succeeded
  };

  std::optional<std::uint64_t> evaluate(Operand const& operand) const;
  /// The key of config.json that an operand names.
  std::string key_of(Operand const& operand) const;
  std::optional<std::uint64_t> evaluate(Term const& term) const;
  /// The first alternative whose operands are all known; nullptr if there is none.
  Term const* known_term(Expression const& expression) const;
  /// The source of a value, for messages: a key of config.json, or the name of a size with several operands.
  std::string origin(Operand const& operand) const;
  /// Names the operands that make the expression zero.
  std::string origin_of_zero(Expression const& expression) const;
  SizeDefinition const* definition(std::string const& name) const;
  std::string shown(Expression const& expression, std::string const& before, std::string const& behind) const;
  /// The keys of config.json that a known expression's value is from.
  void collect_sources(Expression const& expression, std::vector<std::string>& keys) const;
  /// The keys of config.json any of which would make the expression known. `seen` are the sizes already visited.
  void collect_keys(Expression const& expression, std::vector<std::string>& keys, std::set<std::string>& seen) const;

  std::vector<SizeDefinition> const& definitions_;
  ConfigValues const& config_;
  std::optional<std::uint32_t> layer_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace distload::rules
