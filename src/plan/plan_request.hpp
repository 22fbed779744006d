/// PlanRequest: the checked arguments of make_plan, and values derived from them for all parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/make_plan.hpp"

namespace distload {

struct PlanRequest {
  /// All arguments except `topology` outlive the object.
  /// @throws ConfigError  `staging_bytes` is below kMinimumStagingBlocks.
  PlanRequest(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
              PlanOptions const& options);

  std::uint32_t node_of(std::uint32_t of_rank) const { return options.node_of.empty() ? 0 : options.node_of[of_rank]; }
  /// True if the rank is on one of the pipeline stages that hold the parameter.
  bool is_on_stage_of(Parameter const& parameter, std::uint32_t of_rank) const noexcept;
  /// Bytes of a slot that a read to it may take.
  Bytes staging_of_read(Bytes nbytes) const noexcept;
  /// How far behind a multiple of `staged_read_alignment` a read of an extent begins in its slot.
  Bytes staged_remainder(std::uint32_t extent, Bytes begin) const;
  /// Offset in `Area::mapped` of a byte of an extent of the catalog. Precondition: the files are mapped.
  Bytes mapped_offset(std::uint32_t extent, Bytes begin) const;

  Catalog const& catalog;
  ModelLayout const& layout;
  Topology topology;
  std::uint32_t rank;
  PlanOptions const& options;
  bool one_node;                      ///< true if all ranks are on one node
  std::vector<Bytes> mapped_offsets;  ///< of the files in `Area::mapped`; empty if they are not mapped
};

}  // namespace distload
