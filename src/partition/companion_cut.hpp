/// Partitions the stored tensors of a quantized weight like the weight, and checks that the partitions match.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <distload/partition/partition.hpp>

#include "partition/companions.hpp"

namespace distload::rules {

/// The partition and the shape of a tensor.
struct CutTensor {
  Partition const& partition;
  Shape const& shape;
};

/// The partition of a stored tensor whose axes follow those of a weight with partition `weight`. A tensor with one
/// element for all of the axis that is cut is replicated.
Partition cut_like(Partition const& weight, AxisMap const& axes, Shape const& shape);

/// Why a stored tensor and its weight, each with its partition, do not match on `ranks` ranks: a rank would get
/// elements of one without the corresponding elements of the other. Replicated tensors always match. Nothing if they
/// match.
/// @param axes  of the stored tensor, by axis of the weight
std::optional<std::string> misfit(CutTensor const& weight, CutTensor const& stored, AxisMap const& axes,
                                  std::uint32_t ranks);

/// The same for two tensors with rules of their own: how many elements belong together follows from their sizes.
/// @param block  the number of elements that share a scale, if it is known and agrees with the sizes
std::optional<std::string> misfit_by_size(CutTensor const& weight, CutTensor const& stored, AxisMap const& axes,
                                          std::optional<std::uint64_t> block, std::uint32_t ranks);

}  // namespace distload::rules
