// Reads the `sizes` of rule files and sorts them by dependency.
#include "partition/rules/size_reader.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "base/text.hpp"

namespace distload::rules {
namespace {

/// Also limits the depth of the dependencies.
constexpr std::size_t kMaxSizes = 1000;

}  // namespace

void SizeReader::read(YAML::Node const& node) {
  if (!node.IsMap()) source_.fail(node.Mark(), "`sizes` must be a map of names and expressions");
  if (node.size() + definitions_.size() > kMaxSizes) {
    source_.fail(node.Mark(), "more than " + std::to_string(kMaxSizes) + " sizes");
  }
  std::set<std::string> own;
  for (auto const& entry : node) {
    auto const name = read_text(source_, entry.first);
    if (!own.insert(name).second) source_.fail(entry.first.Mark(), "the size `" + printable(name) + "` stands twice");
    if (!is_defined(name)) definitions_.push_back({name, {}});
  }
  for (auto const& entry : node) {
    auto const name = read_text(source_, entry.first);
    std::ranges::find(definitions_, name, &SizeDefinition::name)->expression = read_expression(entry.second);
  }
  std::vector<SizeDefinition> sorted;
  std::vector<std::string> open;
  for (auto const& size : definitions_) place(size, node, sorted, open);
  definitions_ = std::move(sorted);
}

void SizeReader::place(SizeDefinition const& size, YAML::Node const& node, std::vector<SizeDefinition>& sorted,
                       std::vector<std::string>& open) const {
  if (std::ranges::find(sorted, size.name, &SizeDefinition::name) != sorted.end()) return;
  if (std::ranges::find(open, size.name) != open.end()) {
    source_.fail(node.Mark(), "the size `" + printable(size.name) + "` is made of itself");
  }
  open.push_back(size.name);
  for (auto const& term : size.expression.alternatives) {
    for (auto const* operand : {&term.left, &term.right}) {
      if (operand->kind != Operand::Kind::size) continue;
      place(*std::ranges::find(definitions_, operand->name, &SizeDefinition::name), node, sorted, open);
    }
  }
  open.pop_back();
  sorted.push_back(size);
}

bool SizeReader::is_defined(std::string const& name) const {
  return std::any_of(definitions_.begin(), definitions_.end(),
                     [&](SizeDefinition const& size) { return size.name == name; });
}

Expression SizeReader::read_expression(YAML::Node const& node) const {
  Expression expression;
  for (auto const& alternative : read_list(node)) {
    auto const text = read_text(source_, alternative);
    expression.text += (expression.text.empty() ? "" : ", ") + text;
    try {
      expression.alternatives.push_back(parse_term(text));
    } catch (std::invalid_argument const& error) {
      source_.fail(alternative.Mark(), error.what());
    }
    auto const& term = expression.alternatives.back();
    for (auto const* operand : {&term.left, &term.right}) {
      if (operand->kind == Operand::Kind::size && !is_defined(operand->name)) {
        source_.fail(alternative.Mark(), "`" + printable(operand->name) + "` is none of the `sizes`");
      }
    }
  }
  if (expression.alternatives.empty()) source_.fail(node.Mark(), "expected a size");
  return expression;
}

}  // namespace distload::rules
