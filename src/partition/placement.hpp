/// Placement: which ranks of a pipeline stage hold which part of a parameter. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include <distload/base/topology.hpp>
#include <distload/partition/partition.hpp>

namespace distload {

/// A parameter is cut into `parts`, and the n-th rank of a stage (tensor fastest, then data) holds part n modulo
/// `parts`.
struct Placement {
  Partition partition;                ///< into `parts`
  std::uint32_t parts = 1;            ///< divides the ranks of a stage
  std::optional<std::uint32_t> only;  ///< this part's ranks alone hold the parameter

  /// Which part that rank of the job holds, on the stages that hold the parameter; nothing if none.
  std::optional<std::uint32_t> part_of(Topology const& topology, std::uint32_t rank) const noexcept {
    auto const part = rank % topology.stage_ranks() % parts;
    if (only && part != *only) return std::nullopt;
    return part;
  }
};

/// Over the tensor-parallel ranks, by `partition`, or over the expert-parallel groups, whole, if `experts` is there.
/// `shape` is the parameter's.
Placement placement_of(Partition const& partition, std::optional<ExpertPlacement> const& experts, Shape const& shape,
                       Topology const& topology);

}  // namespace distload
