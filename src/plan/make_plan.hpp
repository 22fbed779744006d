/// make_plan: computes one rank's operations from catalog, layout and topology. Pure: no MPI, no files, no clock.
#pragma once

#include <cstdint>

#include <distload/checkpoint/catalog.hpp>
#include <distload/partition/model_layout.hpp>
#include <distload/plan/load_plan.hpp>

#include "plan/plan_options.hpp"

namespace distload {

/// Minimum of `PlanOptions::staging_bytes` in blocks of the catalog: one block being read, its packed copy for others,
/// and alignment.
inline constexpr std::uint64_t kMinimumStagingBlocks = 4;

/// The plan of `rank`. Every rank makes the same decisions and keeps only its own part; no communication.
///
/// Every stored byte that a rank wants is read exactly once (unless the cost model finds reading it repeatedly
/// cheaper), in whole blocks if it has checksums, so that the reader can verify it.
///
/// @throws OutOfBudget  a rank needs more than `memory_limit`: names tensor, bytes, shortfall and the setting that
///                      would suffice. The same on every rank.
/// @throws ConfigError  `staging_bytes` is below kMinimumStagingBlocks.
LoadPlan make_plan(Catalog const& catalog, ModelLayout const& layout, Topology const& topology, std::uint32_t rank,
                   PlanOptions const& options);

}  // namespace distload
