// Evaluates sizes with the values of config.json.
#include "partition/rules/sizes.hpp"

#include <algorithm>

#include <distload/base/bytes.hpp>

#include "partition/rules/rule_problem.hpp"

namespace distload::rules {
namespace {

std::optional<std::uint64_t> bounded(std::optional<std::uint64_t> size) {
  return size && *size <= kMaxSize ? size : std::nullopt;
}

std::optional<std::uint64_t> combine(char operation, std::uint64_t left, std::uint64_t right) {
  switch (operation) {
    case '+': return bounded(checked_add(left, right));
    case '-': return left >= right ? std::optional(left - right) : std::nullopt;
    case '*': return bounded(checked_multiply(left, right));
    default: return right != 0 && left % right == 0 ? std::optional(left / right) : std::nullopt;
  }
}

}  // namespace

Sizes::Sizes(std::vector<SizeDefinition> const& definitions, ConfigValues const& config,
             std::optional<std::uint32_t> layer)
    : definitions_(definitions), config_(config), layer_(layer) {
  for (auto const& definition : definitions) {
    Entry entry;
    try {
      entry.value = find(definition.expression);
    } catch (ConfigProblem const& problem) {
      entry.problem = problem.what();
    }
    entries_[definition.name] = std::move(entry);
  }
}

std::uint64_t Sizes::positive(Expression const& expression) const {
  auto const known = value(expression);
  if (known == 0) throw ConfigProblem(origin_of_zero(expression) + " is 0, expected 1 or more");
  return known;
}

std::uint64_t Sizes::value(Expression const& expression) const {
  if (auto const known = find(expression)) return *known;
  std::vector<std::string> keys;
  std::set<std::string> seen;
  collect_keys(expression, keys, seen);
  std::string list;
  for (auto const& key : keys) list += (list.empty() ? "" : " or ") + key;
  throw ConfigProblem("`" + expression.text + "` is unknown: config.json lacks " + list);
}

std::string Sizes::why_unknown(std::string const& name) const {
  auto const* const found = definition(name);
  if (found == nullptr) return "the size `" + name + "` is not defined";
  try {
    value(found->expression);
  } catch (ConfigProblem const& problem) {
    auto const text = std::string(problem.what());
    return "the size `" + name + "` is unknown: " + text.substr(text.find("config.json"));
  }
  return "the size `" + name + "` is unknown";
}

Term const* Sizes::known_term(Expression const& expression) const {
  for (auto const& term : expression.alternatives) {
    if (evaluate(term)) return &term;
  }
  return nullptr;
}

std::string Sizes::origin_of_zero(Expression const& expression) const {
  auto const* const term = known_term(expression);
  if (term == nullptr || term->operation == '-' || term->operation == '+') return "`" + expression.text + "`";
  auto const& zero = evaluate(term->left) == 0 ? term->left : term->right;
  auto const* const size = zero.kind == Operand::Kind::size ? definition(zero.name) : nullptr;
  return size == nullptr ? origin(zero) : origin_of_zero(size->expression);
}

std::string Sizes::shown(Expression const& expression) const { return shown(expression, " (", ")"); }

std::string Sizes::shown_in_brackets(Expression const& expression) const { return shown(expression, ": ", ""); }

std::string Sizes::shown(Expression const& expression, std::string const& before, std::string const& behind) const {
  std::vector<std::string> keys;
  collect_sources(expression, keys);
  std::string list;
  for (auto const& key : keys) list += (list.empty() ? "" : ", ") + key;
  auto const& terms = expression.alternatives;
  bool const is_key = terms.size() == 1 && terms[0].operation == 0 && terms[0].left.kind == Operand::Kind::config_key;
  if (is_key && keys.size() == 1) return list;
  bool const are_named =
      std::ranges::all_of(keys, [&](std::string const& key) { return expression.text.find(key) != std::string::npos; });
  return are_named ? expression.text : expression.text + before + list + behind;
}

void Sizes::collect_sources(Expression const& expression, std::vector<std::string>& keys) const {
  auto const* const term = known_term(expression);
  if (term == nullptr) return;
  auto const add = [&](Operand const& operand) {
    if (operand.kind == Operand::Kind::config_key) {
      if (auto const key = key_of(operand); std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    } else if (operand.kind == Operand::Kind::size) {
      // Sizes refer only to earlier sizes, so that the recursion ends.
      if (auto const* const size = definition(operand.name)) collect_sources(size->expression, keys);
    }
  };
  add(term->left);
  if (term->operation != 0) add(term->right);
}

std::optional<std::string> Sizes::key_of(Expression const& expression) const {
  auto const* const term = known_term(expression);
  if (term == nullptr || term->operation != 0 || term->left.kind == Operand::Kind::number) return std::nullopt;
  if (term->left.kind == Operand::Kind::config_key) return key_of(term->left);
  auto const* const size = definition(term->left.name);
  return size == nullptr ? std::nullopt : key_of(size->expression);
}

std::string Sizes::origin(Operand const& operand) const {
  if (operand.kind == Operand::Kind::number) return std::to_string(operand.number);
  if (operand.kind == Operand::Kind::config_key) return key_of(operand);
  // Sizes refer only to earlier sizes, so that the recursion ends.
  auto const* const size = definition(operand.name);
  auto const* const term = size == nullptr ? nullptr : known_term(size->expression);
  return term != nullptr && term->operation == 0 ? origin(term->left) : operand.name;
}

SizeDefinition const* Sizes::definition(std::string const& name) const {
  auto const found = std::ranges::find(definitions_, name, &SizeDefinition::name);
  return found == definitions_.end() ? nullptr : &*found;
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
  if (!found->second.problem.empty()) throw ConfigProblem(found->second.problem);
  return found->second.value;
}

std::optional<std::uint64_t> Sizes::find_at_most(std::string const& name, std::uint64_t most) const {
  auto const known = find(name);
  if (known && *known > most) {
    throw ConfigProblem(origin(Operand{Operand::Kind::size, 0, name}) + " is " + std::to_string(*known) +
                        ", expected at most " + std::to_string(most));
  }
  return known;
}

std::string Sizes::key_of(Operand const& operand) const {
  if (!operand.of_layer) return operand.name;
  // A list has no key with brackets: without a layer, its item is unknown.
  return operand.name + (layer_ ? "." + std::to_string(*layer_) : std::string(kOfLayer));
}

std::optional<std::uint64_t> Sizes::evaluate(Operand const& operand) const {
  switch (operand.kind) {
    case Operand::Kind::number: return operand.number;
    case Operand::Kind::config_key: return config_.size(key_of(operand));
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
  auto const shown = [this](Operand const& operand, std::uint64_t value) {
    return origin(operand) + (operand.kind == Operand::Kind::number ? "" : " " + std::to_string(value));
  };
  auto const shown_left = shown(term.left, *left);
  auto const shown_right = shown(term.right, *right);
  switch (term.operation) {
    case '/':
      if (*right == 0) throw ConfigProblem(origin_of_zero({{{term.right, 0, {}}}, {}}) + " is 0, expected 1 or more");
      throw ConfigProblem(shown_left + " is not a multiple of " + shown_right);
    case '-': throw ConfigProblem(shown_left + " is less than " + shown_right);
    default:
      throw ConfigProblem(shown_left + " " + term.operation + " " + shown_right + " is more than any model has (" +
                          std::to_string(kMaxSize) + ")");
  }
}

void Sizes::collect_keys(Expression const& expression, std::vector<std::string>& keys,
                         std::set<std::string>& seen) const {
  auto const add = [&](Operand const& operand) {
    if (operand.kind == Operand::Kind::config_key) {
      auto const key = key_of(operand);
      if (!config_.size(key) && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    } else if (operand.kind == Operand::Kind::size && seen.insert(operand.name).second && !find(operand.name)) {
      auto const* const size = definition(operand.name);
      if (size != nullptr) collect_keys(size->expression, keys, seen);
    }
  };
  for (auto const& term : expression.alternatives) {
    add(term.left);
    if (term.operation != 0) add(term.right);
  }
}

}  // namespace distload::rules
