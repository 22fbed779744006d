// Compares the sets of names of layers.
#include "partition/missing.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <unordered_set>

namespace distload::rules {
namespace {

/// Position after the number that begins at `begin`.
std::size_t end_of_number(std::string_view name, std::size_t begin) {
  return std::min(name.find_first_not_of("0123456789", begin), name.size());
}

}  // namespace

void LayerContents::add(std::string_view name, std::size_t layer_at, std::uint32_t layer, Shape const& shape) {
  auto& stack = stacks_[name.substr(0, layer_at)];
  auto const rest = name.substr(end_of_number(name, layer_at));
  auto const [entry, is_new] = stack.numbers.try_emplace(rest, static_cast<std::uint32_t>(stack.contents.size()));
  if (is_new) stack.contents.push_back({rest, shape});
  stack.layers[layer].push_back(entry->second);
}

void LayerContents::report_incomplete(std::optional<std::uint64_t> layers, Problems& problems) const {
  std::map<std::string_view, Stack const*> in_order;
  for (auto const& [prefix, stack] : stacks_) in_order.emplace(prefix, &stack);
  for (auto const& [prefix, stack] : in_order) {
    std::uint64_t end = stacks_.size() == 1 ? layers.value_or(0) : 0;
    for (auto const& [layer, contents] : stack->layers) end = std::max<std::uint64_t>(end, layer + std::uint64_t{1});
    report_stack(prefix, *stack, end, problems);
  }
}

void LayerContents::report_stack(std::string_view prefix, Stack const& stack, std::uint64_t layers,
                                 Problems& problems) {
  // The distinct sets of contents, smallest first; models have few kinds of layers.
  std::map<std::vector<std::uint32_t>, std::vector<std::uint64_t>> kinds;
  for (std::uint64_t layer = 0; layer < layers; ++layer) {
    std::vector<std::uint32_t> contents;
    if (auto const found = stack.layers.find(static_cast<std::uint32_t>(layer)); found != stack.layers.end()) {
      contents = found->second;
    }
    std::ranges::sort(contents);
    kinds[std::move(contents)].push_back(layer);
  }
  for (auto const& [contents, members] : kinds) {
    std::vector<std::uint32_t> const* nearest = nullptr;
    for (auto const& [other, ignored] : kinds) {
      if (other.size() <= contents.size() || !std::ranges::includes(other, contents)) continue;
      if (nearest == nullptr || other.size() < nearest->size()) nearest = &other;
    }
    if (nearest == nullptr) continue;
    std::vector<std::uint32_t> lacking;
    std::ranges::set_difference(*nearest, contents, std::back_inserter(lacking));
    for (auto const layer : members) {
      for (auto const content : lacking) {
        auto const& what = stack.contents[content];
        problems.add("missing, though other layers have it",
                     std::string(prefix) + std::to_string(layer) + std::string(what.rest), what.shape);
      }
    }
  }
}

void report_required(RuleSet const& set, RuleFinder const& finder, Sizes const& sizes, ConfigValues const& config,
                     std::optional<std::uint64_t> layers, std::vector<std::string_view> const& names,
                     Problems& problems) {
  auto const exists = [&](std::vector<Pattern> const& patterns) {
    return std::ranges::any_of(names, [&](std::string_view name) { return any_matches(patterns, name); });
  };
  std::unordered_set<std::string_view> known;
  LayerFinder const layer_finder(set.layer_kinds, set.flags, sizes, config);
  for (auto const& rule : set.required) {
    if (!rule.is_required || exists(rule.unless)) continue;
    auto const is_of_some_layers = rule.patterns.front().has_layer() && (!rule.layers.empty() || !rule.when.empty());
    if (!is_of_some_layers) {
      if (!exists(rule.patterns)) problems.add("missing (" + rule.location + ")", rule.text);
      continue;
    }
    if (!layers) continue;
    if (known.empty()) known.insert(names.begin(), names.end());
    auto const before = layers_before(rule.patterns.front(), set, finder, sizes);
    auto const having = layer_finder.find(rule.layers, rule.when, *layers - std::min(before, *layers), 0);
    std::vector<std::string> lacking;
    for (auto const layer : having) {
      auto const has = [&](Pattern const& pattern) { return known.contains(pattern.name({.layer = layer})); };
      if (!std::ranges::any_of(rule.patterns, has)) lacking.push_back(rule.patterns.front().name({.layer = layer}));
    }
    if (!lacking.empty() && lacking.size() == having.size()) lacking = {rule.text};
    for (auto const& name : lacking) problems.add("missing (" + rule.location + ")", name);
  }
}

std::uint64_t layers_before(Pattern const& pattern, RuleSet const& set, RuleFinder const& finder, Sizes const& sizes) {
  auto const match = finder.find(pattern.name({}));
  if (!match || !set.rules[match->rule].layer_offset) return 0;
  return sizes.value(*set.rules[match->rule].layer_offset);
}

}  // namespace distload::rules
