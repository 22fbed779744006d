/// measure_repeatedly: all samples in one group of processes.
#pragma once

#include <distload/config/config.hpp>
#include <distload/parallel/process_grid.hpp>

#include "bench/measure.hpp"

namespace distload {

/// Collective: runs all trials in turn, one uncounted round and then `rounds` rounds. Before every sample, memory is
/// touched and freed.
Measurement measure_repeatedly(ProcessGrid const& grid, LoaderOptions const& config, MeasureOptions const& options);

}  // namespace distload
