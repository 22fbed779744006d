/// PlanRequest: what make_plan is asked for, checked, with what follows from it for all parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/make_plan.hpp"

namespace distload {

struct PlanRequest {
  /// All but `topology` outlive the object.
  /// @throws ConfigError  `staging_bytes` is below kMinimumStagingBlocks.
  PlanRequest(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
              PlanOptions const& options);

  std::uint32_t node_of(std::uint32_t of_rank) const { return options.node_of.empty() ? 0 : options.node_of[of_rank]; }
  /// True if the rank is on one of the pipeline stages that hold the parameter.
  bool is_on_stage_of(Parameter const& parameter, std::uint32_t of_rank) const noexcept;
  /// Of a byte of an extent of the catalog, in `Area::mapped`. Precondition: the files are mapped.
  Bytes mapped_offset(std::uint32_t extent, Bytes begin) const;

  Catalog const& catalog;
  ModelLayout const& layout;
  Topology topology;
  std::uint32_t rank;
  PlanOptions const& options;
  bool one_node;                      ///< holds all ranks
  std::vector<Bytes> mapped_offsets;  ///< of the files in `Area::mapped`, if they are mapped
};

}  // namespace distload
