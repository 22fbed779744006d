// Checks the arguments of make_plan.
#include "plan/plan_request.hpp"

#include <algorithm>
#include <cassert>
#include <functional>

#include <distload/base/error.hpp>

#include "checkpoint/mapped_offsets.hpp"
#include "plan/wave_builder.hpp"

namespace distload {

PlanRequest::PlanRequest(Catalog const& from_catalog, ModelLayout const& from_layout, Topology const& for_topology,
                         std::uint32_t for_rank, PlanOptions const& with_options)
    : catalog(from_catalog),
      layout(from_layout),
      topology(for_topology),
      rank(for_rank),
      options(with_options),
      one_node(std::ranges::adjacent_find(options.node_of, std::ranges::not_equal_to()) == options.node_of.end()) {
  assert(rank < topology.ranks());
  auto const minimum = kMinimumStagingBlocks * catalog.block_bytes;
  if (options.staging_bytes < minimum) {
    throw ConfigError("load.staging is " + format_bytes(options.staging_bytes) + ", but at least " +
                      format_bytes(minimum) + " is needed");
  }
  if (options.files_are_mapped) mapped_offsets = distload::mapped_offsets(catalog);
}

bool PlanRequest::is_on_stage_of(Parameter const& parameter, std::uint32_t of_rank) const noexcept {
  return std::ranges::find(parameter.stages, of_rank / topology.stage_ranks()) != parameter.stages.end();
}

Bytes PlanRequest::staging_of_read(Bytes nbytes) const noexcept {
  return round_up(nbytes, kStagingAlignment) + options.staged_read_alignment;
}

Bytes PlanRequest::staged_remainder(std::uint32_t extent, Bytes begin) const {
  if (options.staged_read_alignment == 0) return 0;
  auto const remainder = (catalog.extents[extent].offset_bytes + begin) % options.staged_read_alignment;
  // Kernels need the alignment of elements.
  return remainder % kStagingAlignment == 0 ? remainder : 0;
}

Bytes PlanRequest::mapped_offset(std::uint32_t extent, Bytes begin) const {
  auto const& stored = catalog.extents[extent];
  return mapped_offsets[stored.file] + stored.offset_bytes + begin;
}

}  // namespace distload
