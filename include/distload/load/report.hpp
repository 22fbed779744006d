/// make_report: what a load did, as JSON.
#pragma once

#include <string>

#include <distload/load/loader.hpp>
#include <distload/parallel/process_grid.hpp>
#include <distload/plan/load_plan.hpp>

namespace distload {

/// `schema` of the report.
inline constexpr char const* kReportSchema = "distload-report-1";

/// Collective over `grid.world()`: the report as JSON text on rank 0, empty elsewhere.
///
/// @param plan     made by Loader::plan
/// @param tensors  add every shard of every rank with dtype, local shape and the XXH3-64 (seed 0) of its bytes as they
/// lie in memory.
/// @throws CommunicationError  the ranks cannot be reached; on all ranks.
std::string make_report(ProcessGrid const& grid, OpenedCheckpoint const& checkpoint, LoadPlan const& plan,
                        LoadResult const& loaded, bool tensors);

}  // namespace distload
