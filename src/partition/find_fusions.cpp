// Compares the names of parts and of fused parameters.
#include "partition/find_fusions.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <distload/base/error.hpp>

#include "base/suggest.hpp"
#include "base/text.hpp"

namespace distload::rules {
namespace {

/// Position in `name` of `words` as complete dot-separated segments.
std::optional<std::size_t> find_words(std::string const& name, std::string const& words) {
  for (auto at = name.find(words); at != std::string::npos; at = name.find(words, at + 1)) {
    auto const end = at + words.size();
    if ((at == 0 || name[at - 1] == '.') && (end == name.size() || name[end] == '.' || name[end] == '_')) return at;
  }
  return std::nullopt;
}

std::string joined(std::vector<std::string> const& names) {
  std::string text;
  for (auto const& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// True if two parameters can be fused.
bool can_be_joined(Parameter const& a, Parameter const& b, Catalog const& catalog) {
  auto const& tensor_a = catalog.tensors[a.tensor];
  auto shape_b = catalog.tensors[b.tensor].shape;
  auto const axis = a.partition.axis;
  if (axis != b.partition.axis || a.stages != b.stages || a.experts != b.experts ||
      tensor_a.dtype != catalog.tensors[b.tensor].dtype || tensor_a.shape.size() != shape_b.size() ||
      axis >= shape_b.size()) {
    return false;
  }
  shape_b[axis] = tensor_a.shape[axis];
  return shape_b == tensor_a.shape;
}

}  // namespace

FusedRule const& fused_rule(RuleSet const& set, std::string const& name, std::string const& key) {
  std::vector<std::string> known;
  for (auto const& rule : set.fused) {
    if (rule.name == name) return rule;
    known.push_back(rule.name);
  }
  auto const meant = nearest(name, known);
  throw ConfigError(key + ": " + set.file + " says nothing of `" + printable(name) + "`; " +
                    (known.empty() ? "it has nothing to fuse or split" : "known are " + joined(known)) +
                    (meant ? "; did you mean `" + *meant + "`?" : ""));
}

std::optional<std::string> replaced(std::string const& name, std::string const& words, std::string const& by) {
  auto const at = find_words(name, words);
  if (!at) return std::nullopt;
  return std::string(name).replace(*at, words.size(), by);
}

void find_fusions(FusedRule const& rule, Catalog const& catalog, ModelLayout& layout, Problems& problems) {
  // The existing parts, by the name of the fused parameter.
  std::map<std::string, std::vector<Parameter const*>> wholes;
  for (auto const& parameter : layout.parameters) {
    if (parameter.partition.kind != PartitionKind::column_parallel) continue;
    auto const& name = catalog.tensors[parameter.tensor].name;
    for (std::size_t i = 0; i < rule.parts.size(); ++i) {
      auto const whole = replaced(name, rule.parts[i], rule.whole);
      if (!whole) continue;
      auto& parts = wholes[*whole];
      parts.resize(rule.parts.size());
      parts[i] = &parameter;
      break;
    }
  }
  for (auto const& [whole, parts] : wholes) {
    Fusion fusion{whole, {}};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] == nullptr) continue;
      if (fusion.tensors.size() == i && (i == 0 || can_be_joined(*parts.front(), *parts[i], catalog))) {
        fusion.tensors.push_back(parts[i]->tensor);
      }
    }
    if (fusion.tensors.size() == parts.size()) {
      layout.fusions.push_back(std::move(fusion));
      continue;
    }
    for (auto const* part : parts) {
      if (part == nullptr) continue;
      auto const& tensor = catalog.tensors[part->tensor];
      problems.add(
          "cannot be fused, as not all of " + joined(rule.parts) + " are there and cut alike (" + rule.location + ")",
          tensor.name, tensor.shape);
    }
  }
}

void find_splits(FusedRule const& rule, Catalog const& catalog, ModelLayout& layout, Problems& problems) {
  for (auto& parameter : layout.parameters) {
    auto const& tensor = catalog.tensors[parameter.tensor];
    if (parameter.partition.kind != PartitionKind::column_parallel || !find_words(tensor.name, rule.whole)) continue;
    if (parameter.partition.sections.size() != rule.parts.size() || parameter.partition.axis != 0) {
      problems.add("cannot be split into " + joined(rule.parts) + ", which do not lie there one after the other (" +
                       rule.location + ")",
                   tensor.name, tensor.shape);
      continue;
    }
    for (auto const& part : rule.parts) parameter.split_names.push_back(*replaced(tensor.name, rule.whole, part));
  }
}

}  // namespace distload::rules
