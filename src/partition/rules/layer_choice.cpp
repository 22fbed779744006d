// Evaluates sets of layers.
#include "partition/rules/layer_choice.hpp"

#include <algorithm>

namespace distload::rules {

std::vector<std::uint32_t> LayerFinder::find(std::vector<LayerChoice> const& choices,
                                             std::vector<Condition> const& when, std::uint64_t layers,
                                             std::uint64_t extra) const {
  std::vector<std::uint32_t> found;
  auto const end = choices.empty() ? layers : layers + extra;
  for (std::uint32_t layer = 0; layer < end; ++layer) {
    auto const is_chosen = choices.empty() || std::ranges::any_of(choices, [&](LayerChoice const& choice) {
                             return is_in(choice, layer, layers);
                           });
    if (is_chosen && all_hold(when, flags_, config_, layer)) found.push_back(layer);
  }
  return found;
}

bool LayerFinder::is_in(LayerChoice const& choice, std::uint32_t layer, std::uint64_t layers) const {
  if (choice.kind == kExtraKind) return (layer >= layers) != choice.is_negated;
  if (layer >= layers) return false;
  if (choice.kind.empty()) return is_in(choice.range, layer);
  auto const kind = std::ranges::find(kinds_, choice.kind, &LayerKind::name);
  auto const is_of_kind = kind != kinds_.end() && std::ranges::any_of(kind->any_of, [&](LayerRange const& range) {
                            return is_in(range, layer);
                          });
  return is_of_kind != choice.is_negated;
}

bool LayerFinder::is_in(LayerRange const& range, std::uint32_t layer) const {
  if (range.only && config_.size(*range.only + std::string(kCount))) return lists(*range.only, layer);
  if (range.from && layer < sizes_.value(*range.from)) return false;
  if (range.to && layer >= sizes_.value(*range.to)) return false;
  if (range.every) {
    auto const every = sizes_.positive(*range.every);
    if (layer % every != (range.at ? sizes_.value(*range.at) : every - 1)) return false;
  }
  if (range.except && lists(*range.except, layer)) return false;
  return all_hold(range.when, flags_, config_, layer);
}

bool LayerFinder::lists(std::string const& key, std::uint32_t layer) const {
  auto const count = config_.size(key + std::string(kCount)).value_or(0);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (config_.size(key + "." + std::to_string(i)) == layer) return true;
  }
  return false;
}

}  // namespace distload::rules
