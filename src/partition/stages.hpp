/// Which pipeline stages hold a parameter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "partition/rules/rules.hpp"
#include "partition/rules/sizes.hpp"

namespace distload::rules {

/// No model has more layers. What is done for each of them ends soon, whatever config.json and names say.
inline constexpr std::uint64_t kMaxLayers = 10'000;

/// The stage of `layer`: stages get `layers / stages` consecutive layers each, the first `layers % stages` of them one
/// more. Precondition: layer < layers, 0 < stages <= layers.
std::uint32_t stage_of_layer(std::uint32_t layer, std::uint64_t layers, std::uint32_t stages);

/// The stages, ascending, of a parameter whose name says `layer` (if it says one) in a model of `layers`, where that is
/// known.
/// @param stage_layers  how many layers each stage gets; empty: as `stage_of_layer` says
/// @param extra_layers  how many come after `layers`, on the last stage
/// @throws RuleProblem if a layer's stage cannot be told, or the layers are too few for the stages or not as many as
/// `stage_layers` says.
std::vector<std::uint32_t> stages_of(StageRule rule, std::optional<std::uint32_t> layer,
                                     std::optional<std::uint64_t> layers, std::uint32_t stages,
                                     std::span<std::uint32_t const> stage_layers = {}, std::uint64_t extra_layers = 0);

/// The same by a family's rules, for one model and number of stages.
class StageFinder {
 public:
  /// @param stage_layers  as above; outlives the object
  /// @throws ConfigProblem if config.json says that there are more than kMaxLayers.
  StageFinder(Sizes const& sizes, std::uint32_t stages, std::vector<std::uint32_t> const& stage_layers);

  /// The stages of a parameter that `rule` matches and whose name says `layer`.
  /// @throws RuleProblem as `stages_of`, or if the layer's number is beyond kMaxLayers
  std::vector<std::uint32_t> of(Rule const& rule, std::optional<std::uint32_t> layer) const;

  /// How many layers the stages share out, if the rules and config.json say so.
  std::optional<std::uint64_t> layers() const noexcept { return layers_; }

 private:
  Sizes const& sizes_;
  std::uint32_t stages_;
  std::vector<std::uint32_t> const& stage_layers_;
  std::optional<std::uint64_t> layers_;
  std::uint64_t extra_layers_;
};

}  // namespace distload::rules
