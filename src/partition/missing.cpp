// Compares the sets of names of layers.
#include "partition/missing.hpp"

#include <algorithm>
#include <iterator>
#include <map>

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

void report_required(std::vector<RequiredRule> const& required, std::vector<std::string_view> const& names,
                     Problems& problems) {
  auto const exists = [&](std::vector<Pattern> const& patterns) {
    return std::ranges::any_of(names, [&](std::string_view name) { return any_matches(patterns, name); });
  };
  for (auto const& rule : required) {
    if (exists(rule.patterns) || exists(rule.unless)) continue;
    problems.add("missing (" + rule.location + ")", rule.text);
  }
}

}  // namespace distload::rules
