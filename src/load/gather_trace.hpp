/// gather_trace: the trace of all ranks, for `report.trace`.
#pragma once

#include <string>

#include <distload/parallel/process_grid.hpp>

#include "base/trace.hpp"

namespace distload {

/// Collective over the grid: the Chrome trace (trace_text) of what all ranks have recorded, with their clocks aligned,
/// on rank 0; empty elsewhere.
std::string gather_trace(ProcessGrid const& grid, RecordedTrace const& recorded);

}  // namespace distload
