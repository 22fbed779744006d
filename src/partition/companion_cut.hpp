/// Partitions companions like their weights, and checks that both partitions match.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <distload/partition/partition.hpp>

#include "partition/companions.hpp"

namespace distload::rules {

/// The partition and the shape of a weight.
struct CutTensor {
  Partition const& partition;
  Shape const& shape;
};

/// The number of elements that share a scale along an axis of a weight, if config.json gives it.
using BlockSizes = std::function<std::optional<std::uint64_t>(std::size_t axis, std::size_t axes)>;

/// The partition of a companion of shape `shape` that matches its weight's. A companion with one element for the whole
/// weight, or for the whole partitioned axis, is replicated; one with an element per element or per block is divided at
/// the corresponding positions. Besides the weight's axes it may have an axis of size one after each of the last two:
/// [out / block, 1, in / block, 1].
/// @param blocks  used if it agrees with the shape; otherwise blocks have equal sizes
/// @throws RuleProblem  the shape does not match the weight's.
Partition cut_companion(Follows follows, CutTensor const& weight, Shape const& shape, BlockSizes const& blocks);

/// Why a companion and its weight, each with its partition, do not match on `ranks` ranks: a rank would get elements of
/// one without the corresponding elements of the other. Replicated companions always match. Nothing if they match.
std::optional<std::string> misfit(Follows follows, CutTensor const& weight, CutTensor const& companion,
                                  BlockSizes const& blocks, std::uint32_t ranks);

}  // namespace distload::rules
