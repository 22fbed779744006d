/// How companions are cut along with their weights, and whether both are cut at the same places.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <distload/partition/partition.hpp>

#include "partition/companions.hpp"

namespace distload::rules {

/// How a weight is cut, and its shape.
struct CutTensor {
  Partition const& partition;
  Shape const& shape;
};

/// Elements along an axis of a weight that share a scale, where config.json says so.
using BlockSizes = std::function<std::optional<std::uint64_t>(std::size_t axis, std::size_t axes)>;

/// How a companion of shape `shape` is cut along with its weight: where it has one element for the whole weight, or
/// for the whole cut axis, not at all; with one for every element or block of them at the same places. Beside the
/// weight's own axes it may have one of a single element behind each of the last two: [out / block, 1, in / block, 1].
/// @param blocks  what config.json says counts if the shape agrees; otherwise blocks are equal
/// @throws RuleProblem  if the shape is none that goes with the weight's.
Partition cut_companion(Follows follows, CutTensor const& weight, Shape const& shape, BlockSizes const& blocks);

/// Why a companion and its weight, each cut as its partition says, do not fit together on so many ranks: a rank would
/// get elements of the one without those of the other that belong to them. A companion that every rank holds all of
/// fits anything.
std::optional<std::string> misfit(Follows follows, CutTensor const& weight, CutTensor const& companion,
                                  BlockSizes const& blocks, std::uint32_t ranks);

}  // namespace distload::rules
