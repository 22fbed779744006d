// Distributes layers over pipeline stages.
#include "partition/stages.hpp"

#include <cassert>
#include <numeric>
#include <string>

namespace distload::rules {
namespace {

/// Name of the size that is the number of layers.
constexpr char const* kLayers = "layers";
constexpr char const* kExtraLayers = "extra_layers";

/// The stage of `layer` if `stage_layers` sets the number of layers per stage.
std::uint32_t given_stage(std::uint32_t layer, std::optional<std::uint64_t> layers,
                          std::span<std::uint32_t const> stage_layers) {
  auto const given = std::accumulate(stage_layers.begin(), stage_layers.end(), std::uint64_t{0});
  if (given != layers.value_or(given) || layer >= given) {
    throw RuleProblem("topology.pipeline_layers are " + std::to_string(given) + " layers together, but the model has " +
                      (layers ? std::to_string(*layers) : "more"));
  }
  std::uint32_t stage = 0;
  for (std::uint64_t end = stage_layers.front(); layer >= end; end += stage_layers[stage]) ++stage;
  return stage;
}

}  // namespace

BeyondLastLayer::BeyondLastLayer(std::uint64_t layers)
    : RuleProblem("config.json says that the model has only " + std::to_string(layers) + " layers") {}

std::uint32_t stage_of_layer(std::uint32_t layer, std::uint64_t layers, std::uint32_t stages) {
  assert(layer < layers && stages > 0 && stages <= layers);
  auto const least = layers / stages;
  auto const larger_stages = layers % stages;
  auto const in_larger = larger_stages * (least + 1);
  if (layer < in_larger) return static_cast<std::uint32_t>(layer / (least + 1));
  return static_cast<std::uint32_t>(larger_stages + (layer - in_larger) / least);
}

std::vector<std::uint32_t> stages_of(StageRule rule, std::optional<std::uint32_t> layer,
                                     std::optional<std::uint64_t> layers, std::uint32_t stages,
                                     std::span<std::uint32_t const> stage_layers, std::uint64_t extra_layers) {
  assert(stage_layers.empty() || stage_layers.size() == stages);
  auto const last = stages - 1;
  switch (rule) {
    case StageRule::first: return {0};
    case StageRule::last: return {last};
    case StageRule::first_and_last:
      return last == 0 ? std::vector<std::uint32_t>{0} : std::vector<std::uint32_t>{0, last};
    case StageRule::all: {
      std::vector<std::uint32_t> all(stages);
      std::iota(all.begin(), all.end(), 0U);
      return all;
    }
    case StageRule::of_layer: break;
  }
  assert(layer.has_value());
  if (layers && *layer >= *layers && *layer - *layers < extra_layers) return {last};
  if (layers && *layer >= *layers) throw BeyondLastLayer(*layers);
  if (!stage_layers.empty()) return {given_stage(*layer, layers, stage_layers)};
  if (stages == 1) return {0};
  if (!layers) throw RuleProblem("the size `layers` is unknown, which sharing out layers over pipeline stages needs");
  if (*layers < stages) {
    throw RuleProblem(std::to_string(*layers) + " layers are too few for " + std::to_string(stages) +
                      " pipeline stages");
  }
  return {stage_of_layer(*layer, *layers, stages)};
}

StageFinder::StageFinder(Sizes const& sizes, std::uint32_t stages, std::vector<std::uint32_t> const& stage_layers)
    : sizes_(sizes),
      stages_(stages),
      stage_layers_(stage_layers),
      layers_(sizes.find_at_most(kLayers, kMaxLayers)),
      extra_layers_(sizes.find_at_most(kExtraLayers, kMaxLayers).value_or(0)) {}

std::vector<std::uint32_t> StageFinder::of(Rule const& rule, std::optional<std::uint32_t> layer) const {
  // Sizes are far below 2^64: the sum cannot overflow.
  auto const number = layer.value_or(0) + (rule.layer_offset ? sizes_.value(*rule.layer_offset) : std::uint64_t{0});
  if (number >= kMaxLayers) {
    throw RuleProblem("a layer of number " + std::to_string(number) + "; a model has at most " +
                      std::to_string(kMaxLayers));
  }
  if (rule.layer_offset) layer = static_cast<std::uint32_t>(number);
  if (rule.stage == StageRule::of_layer && !layers_ && stages_ > 1 && stage_layers_.empty()) {
    throw RuleProblem(sizes_.why_unknown(kLayers) + ", which sharing out layers over pipeline stages needs");
  }
  return stages_of(rule.stage, layer, layers_, stages_, stage_layers_, extra_layers_);
}

}  // namespace distload::rules
