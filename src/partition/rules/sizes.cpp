// Evaluation of sizes against config.json.
#include "partition/rules/sizes.hpp"

#include <algorithm>

#include <distload/base/bytes.hpp>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

std::string to_string(Operand const& operand) {
  return operand.kind == Operand::Kind::number ? std::to_string(operand.number) : operand.name;
}

std::optional<std::uint64_t> combine(char operation, std::uint64_t left, std::uint64_t right) {
  switch (operation) {
    case '+': return checked_add(left, right);
    case '-': return left >= right ? std::optional(left - right) : std::nullopt;
    case '*': return checked_multiply(left, right);
    default: return right != 0 && left % right == 0 ? std::optional(left / right) : std::nullopt;
  }
}

}  // namespace

Sizes::Sizes(std::vector<SizeDefinition> const& definitions, ModelConfig const& config)
    : definitions_(definitions), config_(config) {
  for (auto const& definition : definitions) {
    Entry entry;
    try {
      entry.value = find(definition.expression);
    } catch (RuleProblem const& problem) {
      entry.problem = problem.what();
    }
    entries_[definition.name] = std::move(entry);
  }
}

std::uint64_t Sizes::positive(Expression const& expression) const {
  auto const known = value(expression);
  if (known == 0) throw RuleProblem("`" + expression.text + "` is 0, expected a positive integer");
  return known;
}

std::uint64_t Sizes::value(Expression const& expression) const {
  if (auto const known = find(expression)) return *known;
  std::vector<std::string> keys;
  collect_keys(expression, keys);
  std::string list;
  for (auto const& key : keys) list += (list.empty() ? "" : " or ") + key;
  throw RuleProblem("`" + expression.text + "` is unknown: config.json lacks " + list);
}

std::optional<std::uint64_t> Sizes::find(Expression const& expression) const {
  for (auto const& term : expression.alternatives) {
    if (auto const known = evaluate(term)) return known;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Sizes::find(std::string const& name) const {
  auto const found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  if (!found->second.problem.empty()) throw RuleProblem(found->second.problem);
  return found->second.value;
}

std::optional<std::uint64_t> Sizes::evaluate(Operand const& operand) const {
  switch (operand.kind) {
    case Operand::Kind::number: return operand.number;
    case Operand::Kind::config_key: return config_.size(operand.name);
    case Operand::Kind::size: return find(operand.name);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Sizes::evaluate(Term const& term) const {
  auto const left = evaluate(term.left);
  if (!left || term.operation == 0) return left;
  auto const right = evaluate(term.right);
  if (!right) return std::nullopt;
  if (auto const result = combine(term.operation, *left, *right)) return result;
  throw RuleProblem(to_string(term.left) + " " + term.operation + " " + to_string(term.right) + " = " +
                    std::to_string(*left) + " " + term.operation + " " + std::to_string(*right) +
                    " is not a whole number, zero or more");
}

void Sizes::collect_keys(Expression const& expression, std::vector<std::string>& keys) const {
  auto const add = [&](Operand const& operand) {
    if (operand.kind == Operand::Kind::config_key) {
      if (!config_.size(operand.name) && std::find(keys.begin(), keys.end(), operand.name) == keys.end()) {
        keys.push_back(operand.name);
      }
    } else if (operand.kind == Operand::Kind::size && !find(operand.name)) {
      auto const definition = std::find_if(definitions_.begin(), definitions_.end(),
                                           [&](SizeDefinition const& size) { return size.name == operand.name; });
      if (definition != definitions_.end()) collect_keys(definition->expression, keys);
    }
  };
  for (auto const& term : expression.alternatives) {
    add(term.left);
    if (term.operation != 0) add(term.right);
  }
}

}  // namespace distload::rules
