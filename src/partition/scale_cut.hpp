/// Scales of quantized weights: stored beside them under a name made of theirs, and cut along with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <distload/partition/partition.hpp>

namespace distload::rules {

/// The weights that `name` may be the scale of, the likeliest first: "q_proj.weight_scale_inv", "q_proj.weight_scale"
/// and "q_proj.input_scale" belong to "q_proj.weight". Nothing if it is no scale's name.
struct ScaledNames {
  std::string weight;  ///< the name without its ending
  std::string module;  ///< the weight of the module that the name lies in
};
std::optional<ScaledNames> scaled_names(std::string_view name);

/// How the scale of a weight is cut.
struct ScaleCut {
  Partition partition;
  std::uint64_t block = 1;  ///< elements of the weight along the cut axis that share a scale
};

/// Cuts the scale of a weight that `weight` says how to cut: with one scale for the whole weight (one element) or for
/// its whole cut axis (one element along it) not at all; with one for every row or block of rows at the same places.
/// @param block  elements of the weight along its cut axis that share a scale, where config.json says so; otherwise
///               blocks must be equal
/// @throws RuleProblem if the scales are not one for each block.
ScaleCut cut_scale(Partition const& weight, Shape const& weight_shape, Shape const& scale_shape,
                   std::optional<std::uint64_t> block);

/// Why such a scale cannot be cut for `ranks` where the weight can: a rank's part of the weight ends inside of a block.
std::optional<std::string> misaligned_scale(Partition const& weight, Shape const& weight_shape, ScaleCut const& scale,
                                            std::uint32_t ranks);

}  // namespace distload::rules
