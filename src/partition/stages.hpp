/// Determines the pipeline stages that hold a parameter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "partition/rules/rule_problem.hpp"
#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// Limit on layers; bounds work that is done per layer, for any config.json and names.
inline constexpr std::uint64_t kMaxLayers = 10'000;

/// A layer after those that config.json gives the model.
class BeyondLastLayer : public RuleProblem {
 public:
  explicit BeyondLastLayer(std::uint64_t layers);
};

/// The stage of `layer`: each stage gets `layers / stages` consecutive layers, the first `layers % stages` stages one
/// more. Precondition: layer < layers, 0 < stages <= layers.
std::uint32_t stage_of_layer(std::uint32_t layer, std::uint64_t layers, std::uint32_t stages);

/// The stages, ascending, of a parameter of layer `layer` (nothing if its name has no layer) in a model of `layers`
/// layers, if that is known.
/// @param stage_layers  number of layers per stage; empty: as `stage_of_layer`
/// @param extra_layers  number of layers after `layers`, on the last stage
/// @throws BeyondLastLayer  the layer comes after all of the model's.
/// @throws RuleProblem  a layer's stage cannot be determined, there are fewer layers than stages, or `stage_layers` has
///                      another sum.
std::vector<std::uint32_t> stages_of(StageRule rule, std::optional<std::uint32_t> layer,
                                     std::optional<std::uint64_t> layers, std::uint32_t stages,
                                     std::span<std::uint32_t const> stage_layers = {}, std::uint64_t extra_layers = 0);

/// `stages_of` with the values of a family's rules, for one model and number of stages.
class StageFinder {
 public:
  /// @param stage_layers  as above; must outlive the object
  /// @throws ConfigProblem  config.json has more than kMaxLayers layers.
  StageFinder(Sizes const& sizes, std::uint32_t stages, std::vector<std::uint32_t> const& stage_layers);

  /// The stages of a parameter of layer `layer` that `rule` matches.
  /// @throws RuleProblem  as `stages_of`, or the layer's number exceeds kMaxLayers.
  std::vector<std::uint32_t> of(Rule const& rule, std::optional<std::uint32_t> layer) const;

  /// The number of layers, if the rules and config.json give it.
  std::optional<std::uint64_t> layers() const noexcept { return layers_; }

 private:
  Sizes const& sizes_;
  std::uint32_t stages_;
  std::vector<std::uint32_t> const& stage_layers_;
  std::optional<std::uint64_t> layers_;
  std::uint64_t extra_layers_;
};

}  // namespace distload::rules
